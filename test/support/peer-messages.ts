/** The messages that @solana/web3.js and @solana/kit compile for the same instructions as ours. */
import {
  AccountRole,
  appendTransactionMessageInstructions,
  compileTransactionMessage,
  compressTransactionMessageUsingAddressLookupTables,
  createTransactionMessage,
  getCompiledTransactionMessageEncoder,
  type Blockhash as KitBlockhash,
  pipe,
  setTransactionMessageFeePayer,
  setTransactionMessageLifetimeUsingBlockhash,
  address as toKitAddress,
} from '@solana/kit';
import {
  AddressLookupTableAccount,
  PublicKey,
  TransactionInstruction,
  TransactionMessage,
} from '@solana/web3.js';
import type { Address, Blockhash } from '../../src/model/brands.js';
import type { Instruction, LookupTable } from '../../src/transaction/instruction.js';

export interface MessageShape {
  readonly payer: Address;
  readonly instructions: readonly Instruction[];
  readonly tables: readonly LookupTable[];
  readonly blockhash: Blockhash;
}

type Version = 'legacy' | 'v0';

export const web3Instructions = (instructions: readonly Instruction[]): TransactionInstruction[] =>
  instructions.map(
    (instruction) =>
      new TransactionInstruction({
        programId: new PublicKey(instruction.programId),
        keys: instruction.accounts.map(({ address, signer, writable }) => ({
          pubkey: new PublicKey(address),
          isSigner: signer,
          isWritable: writable,
        })),
        data: Buffer.from(instruction.data),
      }),
  );

export function web3Bytes(shape: MessageShape, version: Version): Uint8Array {
  const message = new TransactionMessage({
    payerKey: new PublicKey(shape.payer),
    recentBlockhash: shape.blockhash,
    instructions: web3Instructions(shape.instructions),
  });
  if (version === 'legacy') return message.compileToLegacyMessage().serialize();
  const tables = shape.tables.map(
    (table) =>
      new AddressLookupTableAccount({
        key: new PublicKey(table.address),
        state: {
          deactivationSlot: 2n ** 64n - 1n,
          lastExtendedSlot: 0,
          lastExtendedSlotStartIndex: 0,
          addresses: table.addresses.map((entry) => new PublicKey(entry)),
        },
      }),
  );
  return message.compileToV0Message(tables).serialize();
}

function kitRole(signer: boolean, writable: boolean): AccountRole {
  if (signer) return writable ? AccountRole.WRITABLE_SIGNER : AccountRole.READONLY_SIGNER;
  return writable ? AccountRole.WRITABLE : AccountRole.READONLY;
}

export function kitBytes(shape: MessageShape, version: Version): Uint8Array {
  const instructions = shape.instructions.map((instruction) => ({
    programAddress: toKitAddress(instruction.programId),
    accounts: instruction.accounts.map(({ address, signer, writable }) => ({
      address: toKitAddress(address),
      role: kitRole(signer, writable),
    })),
    data: instruction.data,
  }));
  const lifetime = { blockhash: shape.blockhash as unknown as KitBlockhash, lastValidBlockHeight: 1n };
  const encoder = getCompiledTransactionMessageEncoder();
  if (version === 'legacy') {
    const message = pipe(
      createTransactionMessage({ version: 'legacy' }),
      (empty) => setTransactionMessageFeePayer(toKitAddress(shape.payer), empty),
      (paid) => setTransactionMessageLifetimeUsingBlockhash(lifetime, paid),
      (timed) => appendTransactionMessageInstructions(instructions, timed),
    );
    return Uint8Array.from(encoder.encode(compileTransactionMessage(message)));
  }
  const tables = Object.fromEntries(
    shape.tables.map((table) => [
      toKitAddress(table.address),
      table.addresses.map((entry) => toKitAddress(entry)),
    ]),
  );
  const message = pipe(
    createTransactionMessage({ version: 0 }),
    (empty) => setTransactionMessageFeePayer(toKitAddress(shape.payer), empty),
    (paid) => setTransactionMessageLifetimeUsingBlockhash(lifetime, paid),
    (timed) => appendTransactionMessageInstructions(instructions, timed),
    (full) => compressTransactionMessageUsingAddressLookupTables(full, tables),
  );
  return Uint8Array.from(encoder.encode(compileTransactionMessage(message)));
}
