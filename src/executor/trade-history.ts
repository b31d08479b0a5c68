/** Trades that left the memory: written to the index as they end, and read from it. */

import { archiveDirectoryOf } from '../journal/compaction.js';
import type { FileJournal } from '../journal/file-journal.js';
import { systemFs } from '../journal/journal-fs.js';
import { compactJournal } from '../journal/open-journal.js';
import type { TradeIndex } from '../journal/trade-index.js';
import type { TradeEvent } from '../lifecycle/trade-desk.js';
import type { Log } from '../logging/log.js';
import type { Trade } from '../model/trade.js';
import { TERMINAL_STATES } from '../model/trade-state.js';
import type { Clock } from '../time/clock.js';

/** How often ended trades are moved from the journal to its archive, and how long they stay in it. */
const COMPACTION_PERIOD_MS = 3_600_000;
const JOURNAL_RETENTION_MS = 3_600_000;

export interface TradeHistoryOptions {
  readonly index: TradeIndex;
  readonly journal: FileJournal;
  readonly journalDir: string;
  readonly clock: Clock;
  readonly log: Log;
}

export class TradeHistory {
  readonly #options: TradeHistoryOptions;
  readonly #timer: { cancel(): void };
  #compacting: Promise<void> | undefined;

  constructor(options: TradeHistoryOptions) {
    this.#options = options;
    this.#timer = options.clock.every(COMPACTION_PERIOD_MS, () => this.#startCompaction());
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
    this.#timer.cancel();
    await this.#compacting;
    await this.#options.index.close();
  }

  #startCompaction(): void {
    this.#compacting ??= this.#compact().finally(() => {
      this.#compacting = undefined;
    });
  }

  async #compact(): Promise<void> {
    const { index, journal, journalDir, clock, log } = this.#options;
    try {
      const result = await compactJournal(journal, {
        dir: journalDir,
        retentionMs: JOURNAL_RETENTION_MS,
        clock,
      });
      if (result.archiveSegment === undefined) return;
      await index.addArchive(systemFs, archiveDirectoryOf(journalDir), result.archiveSegment);
      log.info('the journal was compacted', {
        trades: result.archived.size,
        segments: result.removedSegments,
      });
    } catch (error) {
      log.warn('the journal could not be compacted; it is tried again later', { error });
    }
  }
}
