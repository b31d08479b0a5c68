/** Trades that left the memory: written to the index as they end, and read from it. */

import { archiveDirectoryOf } from '../journal/compaction.js';
import type { FileJournal } from '../journal/file-journal.js';
import { systemFs } from '../journal/journal-fs.js';
import { compactJournal } from '../journal/open-journal.js';
import { bytesOfSegments } from '../journal/segments.js';
import type { TradeIndex } from '../journal/trade-index.js';
import type { TradeEvent } from '../lifecycle/trade-desk.js';
import type { Log } from '../logging/log.js';
import type { Trade } from '../model/trade.js';
import { TERMINAL_STATES } from '../model/trade-state.js';
import type { Clock } from '../time/clock.js';

/** How often ended trades are moved from the journal to its archive, and how long they stay in it. */
const COMPACTION_PERIOD_MS = 3_600_000;
const JOURNAL_RETENTION_MS = 3_600_000;
/**
 * A journal that is longer, some 110,000 trades, gives up its oldest ones sooner (L6): a start reads all of it, which
 * takes memory and time, and so does each pass of compaction.
 */
export const MAX_JOURNAL_BYTES = 256 * 1024 * 1024;
/** But not before this: what comes late of an ended trade is written beside the rest of it. */
const LEAST_RETENTION_MS = 120_000;
/** How often it is looked at how long the journal is; for the first time once nothing of the last life is open. */
const LOOK_MS = 10_000;
const FIRST_LOOK_MS = 300_000;

export interface TradeHistoryOptions {
  readonly index: TradeIndex;
  readonly journal: FileJournal;
  readonly journalDir: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Default MAX_JOURNAL_BYTES. */
  readonly maxJournalBytes?: number;
}

export class TradeHistory {
  readonly #options: TradeHistoryOptions;
  readonly #timers: readonly { cancel(): void }[];
  readonly #startedAtMs: number;
  /** The segments that were being written at the last looks: older ones were closed by then. */
  #written: { readonly segment: number; readonly atMs: number }[] = [];
  /** The last segment that a look has gone through; what it could not give up the hourly compaction may. */
  #lookedThrough = 0;
  #compacting: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: TradeHistoryOptions) {
    const { clock, journal } = options;
    this.#options = options;
    this.#startedAtMs = clock.nowMs();
    this.#timers = [
      clock.every(COMPACTION_PERIOD_MS, () =>
        this.#startCompaction(() => journal.rotate(), JOURNAL_RETENTION_MS),
      ),
      clock.every(LOOK_MS, () => this.#look()),
    ];
  }

  onTrade({ trade, change }: TradeEvent): void {
    if (TERMINAL_STATES.has(change.state)) this.put(trade);
  }

  /** Writes an ended trade as it is now. */
  put(trade: Trade): void {
    // The journal holds the truth; what the index missed is put again at the next start.
    this.#options.index.put(trade, trade.fingerprint).catch((error: unknown) => {
      this.#options.log.warn('a trade could not be indexed', { tradeId: trade.id, error });
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#timers) timer.cancel();
    await this.#compacting;
    await this.#options.index.close();
  }

  /**
   * Only segments that are old as a whole are gone through: a pass over young trades would move none of them. And none
   * twice: where damage keeps them, all would be read again with every look.
   */
  #look(): void {
    const { journal, journalDir, clock, maxJournalBytes = MAX_JOURNAL_BYTES } = this.#options;
    const nowMs = clock.nowMs();
    const { segment } = journal;
    if (this.#written.at(-1)?.segment !== segment) this.#written.push({ segment, atMs: nowMs });
    const isOld = ({ atMs }: { readonly atMs: number }) => atMs <= nowMs - LEAST_RETENTION_MS;
    while (this.#written[1] !== undefined && isOld(this.#written[1])) this.#written.shift();
    const [oldest] = this.#written;
    if (nowMs - this.#startedAtMs < FIRST_LOOK_MS || oldest === undefined || !isOld(oldest)) return;
    const through = oldest.segment - 1;
    this.#startCompaction(() => {
      if (through <= this.#lookedThrough || bytesOfSegments(systemFs, journalDir) <= maxJournalBytes)
        return undefined;
      this.#lookedThrough = through;
      return through;
    }, LEAST_RETENTION_MS);
  }

  /** @param through the last segment of it; undefined where there is nothing to do */
  #startCompaction(through: () => number | undefined, retentionMs: number): void {
    this.#compacting ??= this.#compact(through, retentionMs).finally(() => {
      this.#compacting = undefined;
    });
  }

  /** Pass by pass: what is read, and held in memory, does not grow with the journal. */
  async #compact(through: () => number | undefined, retentionMs: number): Promise<void> {
    const { index, journal, journalDir: dir, clock, log } = this.#options;
    try {
      const throughSegment = through();
      if (throughSegment === undefined) return;
      for (let hasMore = true; hasMore && !this.#isClosed; ) {
        const result = await compactJournal(journal, { dir, retentionMs, throughSegment, clock });
        hasMore = result.hasMore;
        if (result.archiveSegment === undefined) return;
        await index.addArchive(systemFs, archiveDirectoryOf(dir), result.archiveSegment);
        log.info('the journal was compacted', {
          trades: result.archived.size,
          segments: result.removedSegments,
        });
      }
    } catch (error) {
      log.warn('the journal could not be compacted; it is tried again later', { error });
    }
  }
}
