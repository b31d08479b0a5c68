/** Moving what a wallet holds: lamports, tokens, and the rent of emptied token accounts. */
import type { Address } from '../model/brands.js';
import type { Instruction } from './instruction.js';
import { SYSTEM_PROGRAM } from './program-ids.js';

const SYSTEM_TRANSFER = 2;
const TOKEN_CLOSE_ACCOUNT = 9;
const TOKEN_TRANSFER_CHECKED = 12;

export function transferLamports(from: Address, to: Address, lamports: bigint): Instruction {
  const data = new Uint8Array(12);
  const view = new DataView(data.buffer);
  view.setUint32(0, SYSTEM_TRANSFER, true);
  view.setBigUint64(4, lamports, true);
  return {
    programId: SYSTEM_PROGRAM,
    accounts: [
      { address: from, signer: true, writable: true },
      { address: to, signer: false, writable: true },
    ],
    data,
  };
}

export interface TokenTransfer {
  readonly program: Address;
  readonly mint: Address;
  readonly decimals: number;
  readonly source: Address;
  readonly destination: Address;
  readonly owner: Address;
  /** Base units. A Token-2022 transfer fee is taken from what arrives. */
  readonly amount: bigint;
}

export function transferTokens(transfer: TokenTransfer): Instruction {
  const data = new Uint8Array(10);
  const view = new DataView(data.buffer);
  view.setUint8(0, TOKEN_TRANSFER_CHECKED);
  view.setBigUint64(1, transfer.amount, true);
  view.setUint8(9, transfer.decimals);
  return {
    programId: transfer.program,
    accounts: [
      { address: transfer.source, signer: false, writable: true },
      { address: transfer.mint, signer: false, writable: false },
      { address: transfer.destination, signer: false, writable: true },
      { address: transfer.owner, signer: true, writable: false },
    ],
    data,
  };
}

/** Only an empty account can be closed, save one of wrapped SOL, whose lamports go along. */
export function closeTokenAccount(
  program: Address,
  account: Address,
  rentTo: Address,
  owner: Address,
): Instruction {
  return {
    programId: program,
    accounts: [
      { address: account, signer: false, writable: true },
      { address: rentTo, signer: false, writable: true },
      { address: owner, signer: true, writable: false },
    ],
    data: Uint8Array.of(TOKEN_CLOSE_ACCOUNT),
  };
}
