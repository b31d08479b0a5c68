/** Puts token accounts into a genesis and counts each mint's supply, so that the mints can be written last. */

import { type AccountSet, programAccount } from './accounts.js';
import { NATIVE_MINT, TOKEN_2022_PROGRAM } from './addresses.js';
import { associatedTokenAddress } from './program-address.js';
import { MAXIMUM_TRANSFER_FEE, mintData, tokenAccountData, transferFeeMintData } from './token-layouts.js';
import type { GenesisMint } from './types.js';

export class MintLedger {
  readonly #accounts: AccountSet;
  readonly #supplies = new Map<string, bigint>();

  constructor(accounts: AccountSet) {
    this.#accounts = accounts;
  }

  /** A token account at a given address. Wrapped SOL is backed by lamports of the account itself. */
  putAccount(address: string, mint: GenesisMint, owner: string, amount: bigint, associated = false): void {
    const data = tokenAccountData(mint, owner, amount, associated);
    const wrapped = mint.address === NATIVE_MINT ? amount : 0n;
    this.#accounts.put(address, programAccount(mint.tokenProgram, data, wrapped));
    this.#supplies.set(mint.address, (this.#supplies.get(mint.address) ?? 0n) + amount);
  }

  /** The owner's associated token account. */
  putAssociated(mint: GenesisMint, owner: string, amount: bigint): void {
    const address = associatedTokenAddress(owner, mint.address, mint.tokenProgram);
    this.putAccount(address, mint, owner, amount, true);
  }

  /** Writes the mints with what was put so far as their supply; the authority can mint more. */
  putMints(mints: readonly GenesisMint[], authority: string): void {
    for (const mint of mints) {
      this.#accounts.put(mint.address, programAccount(mint.tokenProgram, this.#mintData(mint, authority)));
    }
  }

  #mintData(mint: GenesisMint, authority: string): Uint8Array {
    // The native mint counts no supply and answers to nobody.
    if (mint.address === NATIVE_MINT) return mintData(mint.decimals, 0n);
    const supply = this.#supplies.get(mint.address) ?? 0n;
    if (mint.tokenProgram !== TOKEN_2022_PROGRAM) return mintData(mint.decimals, supply, authority);
    const fee = { epoch: 0n, maximumFee: MAXIMUM_TRANSFER_FEE, basisPoints: mint.transferFeeBps ?? 0 };
    return transferFeeMintData(mint.decimals, supply, authority, fee, fee);
  }
}
