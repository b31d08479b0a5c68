/** Brings together what the four sources know. */
import type { DrillCluster } from './cluster.js';
import type { DrillEvidence, SlotSample, Stop } from './evidence.js';
import { readJournal } from './journal-reader.js';
import { LedgerReader } from './ledger.js';
import type { OrderBook } from './order-book.js';
import { pause } from './pause.js';
import type { Rig } from './rig.js';

const SAMPLE_MS = 100;

/** Adds to `samples` until told to end. */
export async function sampleSlots(
  cluster: DrillCluster,
  samples: SlotSample[],
  until: AbortSignal,
): Promise<void> {
  while (!until.aborted) {
    const { askedAtMs, tip, finalized } = await cluster.slots();
    samples.push({ askedAtMs, tip, finalized });
    await pause(SAMPLE_MS, until);
  }
}

/** Call when the executor has ended and its last transaction is rooted. */
export async function collectEvidence(
  { cluster, wallets, journalDirectory }: Rig,
  book: OrderBook,
  stops: readonly Stop[],
  samples: readonly SlotSample[],
): Promise<DrillEvidence> {
  const reader = new LedgerReader(cluster.info.rpcUrl);
  const journal = readJournal(journalDirectory);
  const { blocks, lastBlockHeight } = await reader.blocks();
  return {
    orders: book.told(),
    journal: journal.trades,
    journalFaults: journal.faults,
    ledger: await reader.transactionsOf(wallets),
    submissions: await cluster.submissions(),
    stops,
    samples,
    blocks,
    lastBlockHeight,
  };
}
