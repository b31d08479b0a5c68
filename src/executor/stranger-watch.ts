/** Transactions of our wallets that the journal does not know: deposits, sweeps, or somebody else with our key. */
import type { Log } from '../logging/log.js';
import type { Address, Signature, Slot } from '../model/brands.js';
import type { ChainReader } from '../send/chain-reader.js';

/** Strangers kept for the status; the log has all of them. */
const MAX_STRANGERS = 1_000;
/** Newest signatures of a wallet that are looked at when the executor starts. */
const START_SIGNATURES = 1_000;

export interface Stranger {
  readonly signature: Signature;
  readonly slot: Slot;
  readonly wallet: Address;
}

export class StrangerWatch {
  readonly #isOurs: (signature: Signature) => boolean;
  readonly #log: Log;
  readonly #strangers = new Map<Signature, Stranger>();
  #count = 0;
  #isClosed = false;

  constructor(isOurs: (signature: Signature) => boolean, log: Log) {
    this.#isOurs = isOurs;
    this.#log = log;
  }

  /** Nobody is asked any more. */
  close(): void {
    this.#isClosed = true;
  }

  /** Since the executor started, those found at its start included. */
  get count(): number {
    return this.#count;
  }

  /** Newest first, at most `limit`. */
  recent(limit: number): Stranger[] {
    return [...this.#strangers.values()].reverse().slice(0, limit);
  }

  seen(stranger: Stranger): void {
    if (this.#isOurs(stranger.signature) || this.#strangers.has(stranger.signature)) return;
    this.#count += 1;
    this.#strangers.set(stranger.signature, stranger);
    if (this.#strangers.size > MAX_STRANGERS) this.#strangers.delete(this.#strangers.keys().next().value!);
    this.#log.warn('a transaction of our wallet is not in the journal', { ...stranger });
  }

  /** Looks at what the chain knows of a wallet since the journal began. @throws HotslotError where no node answers */
  async searchHistory(reader: ChainReader, wallet: Address, sinceMs: number): Promise<void> {
    if (this.#isClosed) return;
    const known = await reader.signaturesFor(wallet, { limit: START_SIGNATURES, commitment: 'confirmed' });
    for (const { signature, slot, blockTimeMs } of known) {
      if (blockTimeMs !== undefined && blockTimeMs >= sinceMs) this.seen({ signature, slot, wallet });
    }
  }
}
