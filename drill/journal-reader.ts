/** The journal as the executor would replay it, its archive included. */
import { existsSync } from 'node:fs';
import { archiveDirectoryOf } from '../src/journal/compaction.js';
import { systemFs } from '../src/journal/journal-fs.js';
import { replayDirectory } from '../src/journal/replay.js';
import type { JournalTrade } from './evidence.js';

export interface ReadJournal {
  readonly trades: readonly JournalTrade[];
  readonly faults: readonly string[];
}

/** @param directory `<DATA_DIR>/journal` of an executor that has ended */
export function readJournal(directory: string): ReadJournal {
  const trades = new Map<string, JournalTrade>();
  const faults: string[] = [];
  for (const place of [archiveDirectoryOf(directory), directory]) {
    if (!existsSync(place)) continue;
    const { state, faults: found } = replayDirectory(systemFs, place);
    for (const trade of state.trades.values()) {
      trades.set(trade.id, {
        id: trade.id,
        clientOrderId: trade.intent.clientOrderId,
        state: trade.state,
        acceptedAtMs: trade.acceptedAtMs,
        attempts: trade.attempts.map(({ number, signature, lastValidBlockHeight }) => ({
          number,
          signature,
          lastValidBlockHeight,
        })),
      });
    }
    // A torn end is what kill -9 may leave: what it would have said was never acted on.
    for (const fault of found) {
      if (fault.kind !== 'torn')
        faults.push(`${fault.kind} in segment ${fault.segment}: ${fault.detail ?? ''}`);
    }
  }
  return { trades: [...trades.values()], faults };
}
