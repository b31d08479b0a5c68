/** Ends of trades in the journal against what the cluster's ledger has of their attempts. */
import type { JournalTrade } from '../drill/evidence.js';

/** Most blocks from the one whose hash an attempt names to the last in which it can land. */
const VALIDITY_BLOCKS = 150;

const LANDED: ReadonlySet<string> = new Set(['confirmed', 'finalized']);
const COMPARABLE: ReadonlySet<string> = new Set([...LANDED, 'failed', 'expired']);

export interface LedgerStatus {
  readonly err: unknown;
}

export interface KeptLedger {
  /** Null for what is not in it, or not any more. */
  statuses(signatures: readonly string[]): Promise<readonly (LedgerStatus | null)[]>;
  /** Of a block that is still kept, or was a moment ago, as is everything above it. */
  keptFromHeight(): Promise<number>;
}

/**
 * What has landed must be there, with or without an error as the journal says, unless it may have been pruned; what
 * has expired must not.
 * @param most trades to compare, newest first
 * @returns what does not fit; that nothing at all was found there is such a thing too
 */
export async function compareWithLedger(
  trades: readonly JournalTrade[],
  ledger: KeptLedger,
  most: number,
): Promise<readonly string[]> {
  const ended = trades
    .filter(({ state, attempts }) => attempts.length > 0 && COMPARABLE.has(state))
    .sort((a, b) => b.acceptedAtMs - a.acceptedAtMs)
    .slice(0, most);
  const answers: (readonly (LedgerStatus | null)[])[] = [];
  for (const { attempts } of ended)
    answers.push(await ledger.statuses(attempts.map(({ signature }) => signature)));
  // Asked afterwards: what was pruned between the answers counts as pruned.
  const keptFromHeight = await ledger.keptFromHeight();
  const found = ended.flatMap((trade, place) => {
    const statuses = answers[place] ?? [];
    if (fits(trade, statuses, keptFromHeight)) return [];
    return [`trade ${trade.id} is ${trade.state}, the ledger says ${JSON.stringify(statuses)}`];
  });
  const isCompared = answers.some((statuses) => statuses.some((status) => status !== null));
  return isCompared ? found : [...found, `the ledger has none of ${ended.length} trades`];
}

function fits(
  { state, attempts }: JournalTrade,
  statuses: readonly (LedgerStatus | null)[],
  keptFromHeight: number,
): boolean {
  const seen = statuses.filter((status) => status !== null);
  if (state === 'expired') return seen.length === 0;
  if (seen.length === 0) {
    const oldest = Math.min(...attempts.map(({ lastValidBlockHeight }) => lastValidBlockHeight));
    return oldest - VALIDITY_BLOCKS < keptFromHeight;
  }
  const landed = seen.filter(({ err }) => err === null).length;
  return LANDED.has(state) ? landed === 1 && seen.length === 1 : landed === 0;
}
