/** `restart:accounts` holds the journal's live attempts against what the executor knows, and says which it does not. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SlippageOverride } from '../src/control/slippage-override.js';
import type { Executor } from '../src/executor/executor.js';
import { openMaintenance } from '../src/executor/maintenance.js';
import { openJournal } from '../src/journal/open-journal.js';
import { readJournal } from '../src/journal/read-journal.js';
import type { Log } from '../src/logging/log.js';
import type { TradeId } from '../src/model/brands.js';
import type { Trade } from '../src/model/trade.js';
import { attemptRecord, intentRecord, stateRecord } from './support/journal-records.js';
import { ManualClock } from './support/manual-clock.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hotslot-accounts-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** An executor that knows these trades, over a journal that has three: one only accepted, one out, one landed. */
async function restarted(known: (trades: ReadonlyMap<TradeId, Trade>) => readonly Trade[]) {
  const journalPath = join(directory, 'journal');
  const { journal } = await openJournal({ dir: journalPath, genesisHash: 'a chain' });
  for (const record of [
    intentRecord(1),
    intentRecord(2),
    attemptRecord(2),
    stateRecord(2, 'sent'),
    intentRecord(3),
    attemptRecord(3),
    stateRecord(3, 'sent'),
    stateRecord(3, 'finalized'),
  ])
    journal.append(record);
  await journal.close();
  const trades = readJournal(journalPath).trades as ReadonlyMap<TradeId, Trade>;
  const inMemory = new Map(known(trades).map((trade) => [trade.id, trade]));
  const clock = new ManualClock();
  const maintenance = openMaintenance({
    executor: {
      config: { DATA_DIR: directory },
      desk: {
        get: (id: TradeId) => inMemory.get(id),
        liveAttempts: () => [],
        rebuildLocks: () => ({ held: 0, rebuilt: 0 }),
      },
      market: { cache: { refetchAll: () => undefined, suspectCount: 0, trackedCount: 7 } },
    } as unknown as Executor,
    openKeystore: () => Promise.reject(new Error('not asked for')),
    slippage: new SlippageOverride(clock),
    clock,
    log: { info: () => undefined, warn: () => undefined } as unknown as Log,
  });
  const answer = (await maintenance.restartAccounts()) as { strayAttempts: readonly string[] };
  maintenance.close();
  return { answer, out: [...trades.values()].find((trade) => trade.state === 'sent')! };
}

it('finds nothing amiss where every live attempt of the journal is known, whatever became of it since', async () => {
  const { answer } = await restarted((trades) => [...trades.values()]);
  expect(answer).toMatchObject({ strayAttempts: [], accounts: { tracked: 7, refetched: true } });
});

it('names an attempt that is out by the journal and unknown to the executor', async () => {
  const { answer, out } = await restarted(() => []);
  expect(answer.strayAttempts).toEqual([out.attempts.at(-1)!.signature]);
});
