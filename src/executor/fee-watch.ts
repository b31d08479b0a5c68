/**
 * What others pay on our pools, asked of a node now and then and written to the board: whoever builds an attempt
 * reads it there and asks nobody. Each pool has its own, because accounts that many want to write are dearer.
 */
import type { PoolKeys } from '../market/types.js';
import type { Address } from '../model/brands.js';
import type { ChainReader, PrioritizationFee } from '../send/chain-reader.js';
import type { Clock } from '../time/clock.js';
import { Rounds } from '../time/rounds.js';

/** Pools asked for in one round, one after the other; the next round goes on with the next ones. */
export const MAX_POOLS_A_ROUND = 4;
/** Blocks that are looked at, the newest ones: eight seconds, so that a rush that is over is soon forgotten. */
export const FEE_BLOCKS = 20;

export interface FeeWatchOptions {
  readonly reader: Pick<ChainReader, 'recentPrioritizationFees'>;
  readonly pools: () => readonly PoolKeys[];
  readonly setFeeLevelMicroLamports: (pool: Address, microLamports: number) => void;
  readonly clock: Clock;
  /** 1 to 100. */
  readonly percentile: number;
  /** Milliseconds from one round to the next. */
  readonly pollMs: number;
  /** Called once for each row of rounds that failed. */
  readonly onFault: (error: unknown) => void;
}

export class FeeWatch {
  readonly #options: FeeWatchOptions;
  readonly #rounds: Rounds;
  #next = 0;

  /** Asks at once, and then every `pollMs`. While no node answers, the last levels stand. */
  constructor(options: FeeWatchOptions) {
    this.#options = options;
    const { clock, pollMs, onFault } = options;
    this.#rounds = new Rounds({ clock, pollMs, round: (isClosed) => this.#round(isClosed), onFault });
  }

  close(): void {
    this.#rounds.close();
  }

  async #round(isClosed: () => boolean): Promise<void> {
    const pools = this.#options.pools();
    for (let asked = 0; asked < Math.min(MAX_POOLS_A_ROUND, pools.length); asked += 1) {
      const pool = pools[this.#next % pools.length]!;
      // Also after one that fails: the others must not wait behind it.
      this.#next = (this.#next + 1) % pools.length;
      await this.#ask(pool, isClosed);
      if (isClosed()) return;
    }
  }

  async #ask({ pool, vault0, vault1, observation }: PoolKeys, isClosed: () => boolean): Promise<void> {
    const { reader, percentile, setFeeLevelMicroLamports } = this.#options;
    const fees = await reader.recentPrioritizationFees([pool, vault0, vault1, observation]);
    if (!isClosed()) setFeeLevelMicroLamports(pool, feeLevelMicroLamportsOf(fees, percentile));
  }
}

/**
 * The percentile (nearest rank) of the newest blocks' lowest prices; 0 where there are none.
 * @param percentile 1 to 100
 */
export function feeLevelMicroLamportsOf(fees: readonly PrioritizationFee[], percentile: number): number {
  const newest = fees.toSorted((a, b) => b.slot - a.slot).slice(0, FEE_BLOCKS);
  const prices = newest.map(({ microLamports }) => microLamports).sort((a, b) => a - b);
  return prices[Math.ceil((percentile / 100) * prices.length) - 1] ?? 0;
}
