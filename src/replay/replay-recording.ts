/** Plays a recording into the same cache and pool book that an executor keeps, and tells what they made of it. */
import { HotCache } from '../cache/hot-cache.js';
import { PoolBook } from '../market/pool-book.js';
import type { PoolKeys } from '../market/types.js';
import type { FetchedAccounts } from '../stream/fetched-record.js';
import { type PlayOptions, type PlayReport, playRecording } from '../stream/player.js';
import type { StreamGap, StreamSink } from '../stream/types.js';

/** Mainnet's epoch length; it decides only which Token-2022 transfer fee is in force. */
const SLOTS_AN_EPOCH = 432_000;

export interface ReplayedPool {
  readonly pool: string;
  readonly mint0: string;
  readonly mint1: string;
  /** Net of the fees that lie in the vaults; undefined where the recording does not hold the whole pool. */
  readonly reserve0: bigint | undefined;
  readonly reserve1: bigint | undefined;
  /** Of the last state. */
  readonly slot: number | undefined;
  /** States that were published. */
  readonly updates: number;
  /** Slots since the stream was last complete for it; undefined while something may be missing. */
  readonly ageSlots: number | undefined;
}

export interface ReplayReport extends PlayReport {
  readonly slots: {
    readonly first: number | undefined;
    readonly head: number;
    readonly confirmed: number;
    readonly finalized: number;
    /** Slots that reached the status. */
    readonly processed: number;
    readonly dead: number;
    /** Slots whose effects were rolled back. */
    readonly lost: number;
  };
  readonly accountUpdates: number;
  readonly transactions: { readonly total: number; readonly failed: number };
  /** By reason. */
  readonly gaps: { readonly [reason: string]: number };
  /** Accounts that were read over RPC. */
  readonly fetchedAccounts: number;
  readonly pools: readonly ReplayedPool[];
}

/** @throws HotslotError STREAM_FAILED where the file is no recording or is damaged; the file system's own errors */
export async function replayRecording(options: Omit<PlayOptions, 'onFetched'>): Promise<ReplayReport> {
  const replay = new Replay(options);
  const played = await playRecording(replay, {
    ...options,
    onFetched: (fetched) => replay.onFetched(fetched),
  });
  return { ...played, ...replay.report() };
}

class Replay implements StreamSink {
  readonly #cache: HotCache;
  readonly #book: PoolBook;
  readonly #updates = new Map<string, number>();
  readonly #processed = new Set<number>();
  readonly #gaps: { [reason: string]: number } = {};
  #first: number | undefined;
  #dead = 0;
  #lost = 0;
  #accountUpdates = 0;
  #transactions = 0;
  #failed = 0;
  #fetchedAccounts = 0;

  constructor({ clock }: Pick<PlayOptions, 'clock'>) {
    // Nothing is fetched: what was read while recording comes from the recording.
    this.#cache = new HotCache({ clock, random: { next: () => 0.5 } });
    this.#book = new PoolBook({
      accounts: this.#cache,
      epochOf: (slot) => BigInt(Math.floor(slot / SLOTS_AN_EPOCH)),
    });
    this.#cache.addListener(this.#book);
    this.#cache.addListener({
      onSlotsLost: (slots) => {
        this.#lost += slots.length;
      },
    });
    this.#book.listen({
      onPool: ({ keys: { pool } }) => this.#updates.set(pool, (this.#updates.get(pool) ?? 0) + 1),
    });
  }

  /** The pools are read before the stream begins: they tell what to follow. */
  onFetched({ contextSlot, addresses, accounts }: FetchedAccounts): void {
    this.#fetchedAccounts += addresses.length;
    addresses.forEach((address, index) => {
      const account = accounts[index];
      if (account !== undefined) this.#book.addPoolFromAccount(address, account.owner, account.data);
    });
    this.#cache.track(this.#book.watchedAccounts());
    this.#cache.accept(contextSlot, addresses, accounts);
  }

  onSlot(update: Parameters<StreamSink['onSlot']>[0]): void {
    this.#first ??= update.slot;
    if (update.status === 'processed') this.#processed.add(update.slot);
    if (update.status === 'dead') this.#dead += 1;
    this.#cache.onSlot(update);
  }

  onBlockMeta(update: Parameters<StreamSink['onBlockMeta']>[0]): void {
    this.#cache.onBlockMeta(update);
  }

  onAccount(update: Parameters<StreamSink['onAccount']>[0]): void {
    this.#accountUpdates += 1;
    this.#cache.onAccount(update);
  }

  onTransaction(update: Parameters<StreamSink['onTransaction']>[0]): void {
    this.#transactions += 1;
    if (update.error !== undefined) this.#failed += 1;
  }

  /** A gap may be told more than once; it counts when it is first noticed. */
  onGap(gap: StreamGap): void {
    if (gap.open === true) this.#gaps[gap.reason] = (this.#gaps[gap.reason] ?? 0) + 1;
    this.#cache.onGap(gap);
  }

  onStatus(status: Parameters<StreamSink['onStatus']>[0], detail: string): void {
    this.#cache.onStatus(status, detail);
  }

  onActivity(receivedUs: number): void {
    this.#cache.onActivity(receivedUs);
  }

  report(): Omit<ReplayReport, keyof PlayReport> {
    const { slots } = this.#cache;
    return {
      slots: {
        first: this.#first,
        head: slots.head(),
        confirmed: slots.slot('confirmed'),
        finalized: slots.slot('finalized'),
        processed: this.#processed.size,
        dead: this.#dead,
        lost: this.#lost,
      },
      accountUpdates: this.#accountUpdates,
      transactions: { total: this.#transactions, failed: this.#failed },
      gaps: this.#gaps,
      fetchedAccounts: this.#fetchedAccounts,
      pools: this.#book.pools().map((keys) => this.#pool(keys)),
    };
  }

  #pool({ pool, mint0, mint1 }: PoolKeys): ReplayedPool {
    const snapshot = this.#book.snapshotOf(pool);
    const age = this.#book.ageSlots(pool);
    return {
      pool,
      mint0,
      mint1,
      reserve0: snapshot?.state.reserve0,
      reserve1: snapshot?.state.reserve1,
      slot: snapshot?.slot,
      updates: this.#updates.get(pool) ?? 0,
      ageSlots: Number.isFinite(age) ? age : undefined,
    };
  }
}
