/** Associated token accounts, and a wallet's standing account of wrapped SOL. */
import type { Address } from '../model/brands.js';
import { decode32 } from './base58.js';
import type { Instruction } from './instruction.js';
import { findProgramAddress } from './program-address.js';
import { ASSOCIATED_TOKEN_PROGRAM, SYSTEM_PROGRAM, TOKEN_PROGRAM, WRAPPED_SOL_MINT } from './program-ids.js';

const CREATE_IDEMPOTENT = 1;
const SYSTEM_TRANSFER = 2;
const TOKEN_SYNC_NATIVE = 17;

/** Derived addresses kept; a derivation takes longer than a signature. */
const MAX_KNOWN = 65_536;
const known = new Map<string, Address>();

export function associatedTokenAddress(wallet: Address, mint: Address, tokenProgram: Address): Address {
  const name = `${wallet} ${mint} ${tokenProgram}`;
  const before = known.get(name);
  if (before !== undefined) return before;
  const address = findProgramAddress(
    [decode32(wallet), decode32(tokenProgram), decode32(mint)],
    ASSOCIATED_TOKEN_PROGRAM,
  );
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(name, address);
  return address;
}

/** Creates the account where it does not exist, and succeeds where it does. */
export function createAssociatedTokenIdempotent(
  payer: Address,
  wallet: Address,
  mint: Address,
  tokenProgram: Address,
  account: Address = associatedTokenAddress(wallet, mint, tokenProgram),
): Instruction {
  return {
    programId: ASSOCIATED_TOKEN_PROGRAM,
    accounts: [
      { address: payer, signer: true, writable: true },
      { address: account, signer: false, writable: true },
      { address: wallet, signer: false, writable: false },
      { address: mint, signer: false, writable: false },
      { address: SYSTEM_PROGRAM, signer: false, writable: false },
      { address: tokenProgram, signer: false, writable: false },
    ],
    data: Uint8Array.of(CREATE_IDEMPOTENT),
  };
}

/**
 * Fills the wallet's one standing account of wrapped SOL (made where missing). It is never closed by a trade:
 * that would take the balance from under every other trade that uses it.
 */
export function wrapSol(wallet: Address, lamports: bigint): Instruction[] {
  const account = associatedTokenAddress(wallet, WRAPPED_SOL_MINT, TOKEN_PROGRAM);
  const transfer = new Uint8Array(12);
  const view = new DataView(transfer.buffer);
  view.setUint32(0, SYSTEM_TRANSFER, true);
  view.setBigUint64(4, lamports, true);
  return [
    createAssociatedTokenIdempotent(wallet, wallet, WRAPPED_SOL_MINT, TOKEN_PROGRAM, account),
    {
      programId: SYSTEM_PROGRAM,
      accounts: [
        { address: wallet, signer: true, writable: true },
        { address: account, signer: false, writable: true },
      ],
      data: transfer,
    },
    {
      programId: TOKEN_PROGRAM,
      accounts: [{ address: account, signer: false, writable: true }],
      data: Uint8Array.of(TOKEN_SYNC_NATIVE),
    },
  ];
}
