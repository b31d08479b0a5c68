/** What DATA_DIR keeps of trades: the journal, replayed, and the index over it. */
import { join } from 'node:path';
import type { Config } from '../config/config.js';
import type { FileJournal } from '../journal/file-journal.js';
import { openJournal } from '../journal/open-journal.js';
import type { ReplayedState } from '../journal/replayed-state.js';
import { TradeIndex } from '../journal/trade-index.js';
import type { ExecutorOptions } from './executor-options.js';

export interface Stores {
  readonly journal: FileJournal;
  readonly replayed: ReplayedState;
  readonly index: TradeIndex;
}

export const journalDirOf = (config: Config) => join(config.DATA_DIR, 'journal');

/**
 * Another chain's journal is set aside.
 * @throws HotslotError JOURNAL_CORRUPT
 */
export async function openStores(
  { config, clock, log }: ExecutorOptions,
  genesisHash: string,
): Promise<Stores> {
  const dir = journalDirOf(config);
  const { journal, replayed } = await openJournal({ dir, genesisHash, sync: config.JOURNAL_SYNC, clock });
  for (const fault of replayed.faults) log.warn('the journal has a record that cannot be read', { ...fault });
  if (replayed.setAside !== undefined)
    log.warn("another chain's journal was set aside", { path: replayed.setAside });
  const index = await TradeIndex.open({
    dir: join(config.DATA_DIR, 'index'),
    journalDir: dir,
    genesisHash,
    replayed,
  });
  return { journal, replayed, index };
}
