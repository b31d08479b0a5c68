/** Associated token accounts: where they lie, and how they are opened. */
import type { Address } from '../model/brands.js';
import { decode32 } from './base58.js';
import type { Instruction } from './instruction.js';
import { findProgramAddress } from './program-address.js';
import { ASSOCIATED_TOKEN_PROGRAM, SYSTEM_PROGRAM } from './program-ids.js';

const CREATE_IDEMPOTENT = 1;

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
