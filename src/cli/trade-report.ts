/** The account of a test run: every accepted trade under one name, and the latencies of those that landed. */

/** A trade as `GET /api/trades/:id` gives it; the parts that are read here. */
export interface TradeReport {
  readonly id: string;
  readonly state: string;
  readonly attempts: readonly { readonly signature: string }[];
  readonly timesUs: { readonly sentUs?: number; readonly confirmedUs?: number };
  readonly outcome?: { readonly error?: string; readonly slotDelta: number };
  readonly denial?: { readonly code: string };
}

export interface TradeTestResult {
  readonly accepted: number;
  readonly landed: number;
  /** By the on-chain error's name. */
  readonly failed: { readonly [name: string]: number };
  readonly expired: number;
  readonly unknown: number;
  /** At acceptance or before signing, by code. */
  readonly denied: { readonly [code: string]: number };
  /** Offered and never answered, and the executor has no trade of that client order id or could not be asked. */
  readonly unanswered: number;
  readonly simulated: number;
  readonly cancelled: number;
  /** Trades of which more than one attempt is on the chain, by the chain's own word. */
  readonly duplicates: number;
  /** Accepted, and the executor no longer knows them, or says landed where the chain does not. */
  readonly lost: number;
  readonly intentToWireUs: { readonly p50: number; readonly p99: number };
  readonly intentToConfirmedMs: { readonly p50: number; readonly p95: number; readonly p99: number };
  readonly slotDelta: { readonly p50: number; readonly p95: number };
  /** Whether a node was asked; where none told, `duplicates` is 0 and `lost` is by the executor's word alone. */
  readonly chainChecked: boolean;
}

const LANDED = new Set(['confirmed', 'finalized']);

/**
 * @param reports  by trade id; undefined where the executor does not know the trade
 * @param landings signatures that the chain knows; undefined where no node has told
 */
export function summarise(
  reports: ReadonlyMap<string, TradeReport | undefined>,
  deniedCodes: readonly string[],
  unanswered: number,
  landings: ReadonlySet<string> | undefined,
): TradeTestResult {
  const known = [...reports.values()].filter((report) => report !== undefined);
  const inState = (...states: string[]) => known.filter((report) => states.includes(report.state));
  const landed = inState('confirmed', 'finalized');
  const onChain = (report: TradeReport) =>
    report.attempts.filter((attempt) => landings?.has(attempt.signature)).length;
  const untrue = landings === undefined ? [] : landed.filter((report) => onChain(report) === 0);
  const ended = new Set([...LANDED, 'failed', 'expired', 'denied', 'cancelled', 'simulated']);
  const wire = landed.flatMap((report) => report.timesUs.sentUs ?? []);
  const confirmed = landed.flatMap((report) => (report.timesUs.confirmedUs ?? Number.NaN) / 1000);
  const deltas = landed.flatMap((report) => report.outcome?.slotDelta ?? []);
  return {
    accepted: reports.size,
    landed: landed.length,
    failed: countBy(inState('failed').map((report) => report.outcome?.error ?? 'unnamed')),
    expired: inState('expired').length,
    unknown: known.filter((report) => !ended.has(report.state)).length,
    denied: countBy([...deniedCodes, ...inState('denied').map((report) => report.denial?.code ?? 'unnamed')]),
    unanswered,
    simulated: inState('simulated').length,
    cancelled: inState('cancelled').length,
    duplicates: known.filter((report) => onChain(report) > 1).length,
    lost: reports.size - known.length + untrue.length,
    intentToWireUs: { p50: quantile(wire, 0.5), p99: quantile(wire, 0.99) },
    intentToConfirmedMs: {
      p50: quantile(confirmed, 0.5),
      p95: quantile(confirmed, 0.95),
      p99: quantile(confirmed, 0.99),
    },
    slotDelta: { p50: quantile(deltas, 0.5), p95: quantile(deltas, 0.95) },
    chainChecked: landings !== undefined,
  };
}

function countBy(names: readonly string[]): { [name: string]: number } {
  const counts: { [name: string]: number } = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** The value at or above which the share lies (nearest rank); 0 for no values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.max(Math.ceil(share * sorted.length), 1);
  return Math.round((sorted[rank - 1] ?? 0) * 10) / 10;
}
