/**
 * Two trades of one wallet for the same amount, on the same pool and blockhash, would be the same bytes: one
 * signature, which lands once and would be counted twice. So each attempt asks for a few compute units more than
 * configured, another number each time: at 10,000 micro-lamports a unit the most of it costs 41 lamports.
 */
import type { Address } from '../model/brands.js';
import type { Random } from '../time/random.js';

/** Attempts of one wallet until a number comes again; a blockhash lives 150 blocks, so that none meets its double. */
export const NONCE_RANGE = 4_096;
/** Wallets remembered. */
const MAX_WALLETS = 65_536;

export class AttemptNonces {
  readonly #random: Random;
  readonly #next = new Map<Address, number>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Compute units to add: 0 to 4,095. It begins anywhere, so that a restart does not begin where the last did. */
  next(wallet: Address): number {
    if (this.#next.size >= MAX_WALLETS) this.#next.clear();
    const nonce = this.#next.get(wallet) ?? Math.floor(this.#random.next() * NONCE_RANGE);
    this.#next.set(wallet, (nonce + 1) % NONCE_RANGE);
    return nonce;
  }
}
