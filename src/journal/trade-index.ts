import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import type { Signature, TradeId } from '../model/brands.js';
import type { Trade } from '../model/trade.js';
import { nextTurn } from '../time/next-turn.js';
import { archiveDirectoryOf } from './compaction.js';
import { type JournalFs, systemFs } from './journal-fs.js';
import { readSegment } from './record-codec.js';
import { type OrderUse, type ReplayedState, StateBuilder } from './replayed-state.js';
import { SeenFilter } from './seen-filter.js';
import { listSegments, segmentPath } from './segments.js';
import { type Unwritten, UnwrittenTrades } from './unwritten-trades.js';

/** Bump when the layout changes: an index of another version is thrown away and rebuilt. */
const INDEX_VERSION = 2;
/** Name of the index's file, which LMDB maps. */
export const INDEX_FILE = 'trades.mdb';
/** Trades put between two turns of the event loop while rebuilding. */
const TRADES_A_TURN = 64;
/** Trades looked up between two turns, of which the index has the most already. */
const LOOKS_A_TURN = 16;
/** Records read between two turns. */
const RECORDS_A_TURN = 64;
/** Names learned between two turns. */
const NAMES_A_TURN = 1_024;
/** Refused trades kept to be put again (L6); those beyond come back at the next start. */
const MAX_REFUSED_TRADES = 65_536;
/**
 * With batches by the event's turn, LMDB's binding begins each with a write whose promise nobody has: where the disk is
 * full its refusal would end the process. As many writes as this begin a commit before the turn is over.
 */
const COMMITS = { eventTurnBatching: false, txnStartThreshold: 64 };

/**
 * Index and history beside the journal, in LMDB. It holds nothing that the journal and its archive do not:
 * when it is missing, damaged, or of another chain, it is rebuilt from them. Writes are asynchronous, and
 * one that a crash takes back is made again at the next start.
 */
export class TradeIndex {
  readonly #root: RootDatabase;
  readonly #trades: Database<Trade, string>;
  readonly #orders: Database<OrderUse, string>;
  readonly #signatures: Database<TradeId, string>;
  readonly #meta: Database<string | number, string>;
  /** Client order ids and signatures that are in the index; asked first once all of them are in it. */
  readonly #seen = new SeenFilter();
  #hasSeenAll = false;
  #fault: string | undefined;
  /** Trades that could not be written; they are put again as soon as the disk takes one. */
  readonly #refused = new Map<TradeId, Unwritten>();
  /** Those on their way, and the refused ones. */
  readonly #unwritten = new UnwrittenTrades();
  #writtenAtOpen = 0;

  private constructor(root: RootDatabase) {
    this.#root = root;
    this.#trades = root.openDB<Trade, string>({ name: 'trades', encoding: 'msgpack' });
    this.#orders = root.openDB<OrderUse, string>({ name: 'orders', encoding: 'msgpack' });
    this.#signatures = root.openDB<TradeId, string>({ name: 'signatures', encoding: 'msgpack' });
    this.#meta = root.openDB<string | number, string>({ name: 'meta', encoding: 'msgpack' });
  }

  /**
   * Opens the index and brings it up to what the journal and its archive say.
   * @param options.dir of the index, `<DATA_DIR>/index`
   * @param options.journalDir whose archive it also covers
   */
  static async open(options: {
    dir: string;
    journalDir: string;
    genesisHash: string;
    replayed: ReplayedState;
    files?: JournalFs;
  }): Promise<TradeIndex> {
    const files = options.files ?? systemFs;
    let index = TradeIndex.#openAt(options.dir);
    if (index === undefined || !index.#isOf(options.genesisHash)) {
      await index?.close();
      rmSync(options.dir, { recursive: true, force: true });
      index = new TradeIndex(open({ path: join(options.dir, INDEX_FILE), ...COMMITS }));
      await index.#putMeta('version', INDEX_VERSION);
      await index.#putMeta('genesisHash', options.genesisHash);
    }
    await index.#takeArchive(files, archiveDirectoryOf(options.journalDir));
    await index.#putAll(options.replayed.trades.values(), options.replayed.orders);
    await index.#learnNames();
    return index;
  }

  async #learnNames(): Promise<void> {
    let count = 0;
    for (const names of [this.#orders.getKeys(), this.#signatures.getKeys()]) {
      for (const name of names) {
        this.#seen.add(name);
        count += 1;
        if (count % NAMES_A_TURN === 0) await nextTurn();
      }
    }
    this.#hasSeenAll = true;
  }

  #surelyHasNot(name: string): boolean {
    return this.#hasSeenAll && !this.#seen.mayHave(name);
  }

  static #openAt(dir: string): TradeIndex | undefined {
    try {
      return new TradeIndex(open({ path: join(dir, INDEX_FILE), ...COMMITS }));
    } catch {
      // Not readable as LMDB: it holds nothing of its own, so it is rebuilt rather than repaired.
      return undefined;
    }
  }

  #isOf(genesisHash: string): boolean {
    return this.#meta.get('version') === INDEX_VERSION && this.#meta.get('genesisHash') === genesisHash;
  }

  async #takeArchive(files: JournalFs, archiveDirectory: string): Promise<void> {
    const through = (this.#meta.get('archiveThrough') as number | undefined) ?? 0;
    for (const segment of listSegments(files, archiveDirectory)) {
      if (segment > through) await this.addArchive(files, archiveDirectory, segment);
    }
  }

  /** Takes over one file of the archive, as compaction made it. */
  async addArchive(files: JournalFs, archiveDirectory: string, segment: number): Promise<void> {
    const state = new StateBuilder();
    let count = 0;
    for (const stretch of readSegment(await files.readAsync(segmentPath(archiveDirectory, segment)))) {
      if (stretch.kind === 'record') state.add(stretch.record);
      count += 1;
      if (count % RECORDS_A_TURN === 0) await nextTurn();
    }
    await this.#putAll(state.trades.values(), state.orders);
    if (this.#fault === undefined) await this.#putMeta('archiveThrough', segment);
  }

  /**
   * Most trades of a journal are known from before the restart, and reading takes a hundredth of writing. All keys
   * are looked at: what a crash has torn apart is written again.
   */
  #isCurrent(trade: Trade): boolean {
    const known = this.#trades.get(trade.id);
    return (
      known !== undefined &&
      known.state === trade.state &&
      known.history.length === trade.history.length &&
      known.attempts.length === trade.attempts.length &&
      known.cancelRequestedAtMs === trade.cancelRequestedAtMs &&
      String(known.outcome?.feeLamports) === String(trade.outcome?.feeLamports) &&
      this.#orders.doesExist(trade.intent.clientOrderId) &&
      trade.attempts.every((attempt) => this.#signatures.doesExist(attempt.signature))
    );
  }

  async #putAll(trades: Iterable<Trade>, orders: ReadonlyMap<string, OrderUse>): Promise<void> {
    let looked = 0;
    let count = 0;
    let last: Promise<unknown> = Promise.resolve();
    for (const trade of trades) {
      looked += 1;
      if (looked % LOOKS_A_TURN === 0) await nextTurn();
      if (this.#isCurrent(trade)) continue;
      this.#writtenAtOpen += 1;
      last = this.put(trade, orders.get(trade.intent.clientOrderId)?.fingerprint ?? '');
      count += 1;
      if (count % TRADES_A_TURN === 0) await last;
    }
    await last;
  }

  /**
   * Writes a trade as it is now; resolves when committed or refused (see `fault`), which nobody needs to
   * wait for: questions of it are answered from now on. What was refused is put again with the next trade that is committed. The signed bytes stay in the journal.
   */
  async put(trade: Trade, fingerprint: string): Promise<void> {
    const unwritten = { trade, fingerprint };
    this.#unwritten.add(unwritten);
    if (!(await this.#write(unwritten))) {
      if (this.#refused.size < MAX_REFUSED_TRADES) this.#refused.set(trade.id, unwritten);
      else this.#unwritten.remove(unwritten);
      return;
    }
    this.#unwritten.remove(unwritten);
    this.#refused.delete(trade.id);
    await this.#putRefused();
  }

  async #putRefused(): Promise<void> {
    if (this.#refused.size === 0) return;
    const refused = [...this.#refused.values()];
    this.#refused.clear();
    let count = 0;
    for (const unwritten of refused) {
      if (!(await this.#write(unwritten))) break;
      this.#unwritten.remove(unwritten);
      count += 1;
    }
    for (const again of refused.slice(count)) this.#refused.set(again.trade.id, again);
    if (this.#refused.size === 0) this.#fault = undefined;
  }

  /** @returns whether all of it was committed */
  async #write({ trade, fingerprint }: Unwritten): Promise<boolean> {
    const { id, attempts } = trade;
    this.#seen.add(trade.intent.clientOrderId);
    for (const { signature } of attempts) this.#seen.add(signature);
    const light: Trade = {
      ...trade,
      attempts: attempts.map((attempt) => ({ ...attempt, wire: new Uint8Array(0) })),
    };
    const writes = [
      this.#trades.put(id, light),
      this.#orders.put(trade.intent.clientOrderId, { tradeId: id, fingerprint }),
      ...attempts.map((attempt) => this.#signatures.put(attempt.signature, id)),
    ];
    let isWhole = true;
    for (const result of await Promise.allSettled(writes)) {
      if (result.status === 'fulfilled') continue;
      isWhole = false;
      hearCause(result.reason);
      this.#fault = String(result.reason);
    }
    return isWhole;
  }

  async #putMeta(key: string, value: string | number): Promise<void> {
    try {
      await this.#meta.put(key, value);
    } catch (error) {
      hearCause(error);
      throw error;
    }
  }

  /** Why a write was refused, as long as what was refused is missing. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Trades of the journal and its archive that it did not have, or had otherwise, when it was opened. */
  get writtenAtOpen(): number {
    return this.#writtenAtOpen;
  }

  get(id: TradeId): Trade | undefined {
    return this.#unwritten.get(id) ?? this.#trades.get(id);
  }

  hasSignature(signature: Signature): boolean {
    if (this.#surelyHasNot(signature)) return false;
    return this.#unwritten.bySignature(signature) !== undefined || this.#signatures.doesExist(signature);
  }

  bySignature(signature: Signature): Trade | undefined {
    const id = this.#unwritten.bySignature(signature) ?? this.#signatures.get(signature);
    return id === undefined ? undefined : this.get(id);
  }

  byClientOrderId(clientOrderId: string): OrderUse | undefined {
    if (this.#surelyHasNot(clientOrderId)) return undefined;
    return this.#unwritten.byClientOrderId(clientOrderId) ?? this.#orders.get(clientOrderId);
  }

  /**
   * Ids in falling order, which is that of time; without the trades, so that it takes microseconds.
   * @param below exclusive; undefined begins with the newest
   */
  idsBelow(below: TradeId | undefined, limit: number): TradeId[] {
    const start = below === undefined ? {} : { start: below };
    const keys = this.#trades.getKeys({ reverse: true, ...start, limit: limit + 1 });
    return [...keys].filter((id) => id !== below).slice(0, limit) as TradeId[];
  }

  /** Waits for all writes. */
  async flushed(): Promise<void> {
    await this.#root.flushed;
  }

  async close(): Promise<void> {
    await this.#root.close();
  }
}

/** A refused commit's error carries a promise of the cause, whose refusal ends the process where nobody hears it. */
function hearCause(error: unknown): void {
  const { commitError } = error as { readonly commitError?: unknown };
  if (commitError instanceof Promise) void commitError.catch(() => undefined);
}
