/** Compares what was told, what was written down, what was sent and what landed. Pure: see README.md for the terms. */
import { ENDS } from './ends.js';
import type {
  ClientOrder,
  DrillEvidence,
  JournalTrade,
  LedgerTransaction,
  Stop,
  Submission,
  ToldState,
} from './evidence.js';

/** A byte of ours may arrive this long after the stop's 200 was received: it was on its way (the law's own bound). */
export const STOP_GRACE_MS = 50;

/** Told of a trade that is on the ledger without an error. */
const LANDED: ReadonlySet<string> = new Set(['confirmed', 'finalized']);
/** Told of a trade of which nothing is on the ledger. */
const NOT_LANDED: ReadonlySet<string> = new Set(['expired', 'denied', 'cancelled', 'simulated']);

export const FINDING_KINDS = [
  'lost',
  'doubled',
  'toldWrong',
  'unknown',
  'sentAfterStop',
  'unwritten',
  'resignedEarly',
  'strangers',
  'journalDamage',
] as const;

export type FindingKind = (typeof FINDING_KINDS)[number];

export interface Finding {
  readonly kind: FindingKind;
  readonly detail: string;
  readonly tradeId?: string;
  readonly signature?: string;
}

export interface Verdict {
  readonly findings: readonly Finding[];
  readonly counts: { readonly [Kind in FindingKind]: number };
  /** No finding of any kind. */
  readonly clean: boolean;
}

/** The evidence with the indexes that every check needs. */
interface Case {
  readonly evidence: DrillEvidence;
  readonly ledger: ReadonlyMap<string, LedgerTransaction>;
  readonly trades: ReadonlyMap<string, JournalTrade>;
  readonly tradesByOrder: ReadonlyMap<string, readonly JournalTrade[]>;
  readonly tradeOfSignature: ReadonlyMap<string, JournalTrade>;
  readonly submissions: ReadonlyMap<string, Submission>;
}

export function checkDrill(evidence: DrillEvidence): Verdict {
  const examined = prepare(evidence);
  const findings = [
    ...evidence.journalFaults.map((detail): Finding => ({ kind: 'journalDamage', detail })),
    ...evidence.orders.flatMap((order) => checkOrder(examined, order)),
    ...evidence.journal.flatMap((trade) => checkTrade(examined, trade)),
    ...checkOrders(examined),
    ...checkLedger(examined),
    ...checkSubmissions(examined),
    ...evidence.stops.flatMap((stop) => checkStop(examined, stop)),
  ];
  const counts = Object.fromEntries(
    FINDING_KINDS.map((kind) => [kind, findings.filter((finding) => finding.kind === kind).length]),
  ) as { [Kind in FindingKind]: number };
  return { findings, counts, clean: findings.length === 0 };
}

function prepare(evidence: DrillEvidence): Case {
  const tradesByOrder = new Map<string, JournalTrade[]>();
  const tradeOfSignature = new Map<string, JournalTrade>();
  for (const trade of evidence.journal) {
    tradesByOrder.set(trade.clientOrderId, [...(tradesByOrder.get(trade.clientOrderId) ?? []), trade]);
    for (const { signature } of trade.attempts) tradeOfSignature.set(signature, trade);
  }
  return {
    evidence,
    ledger: new Map(evidence.ledger.map((one) => [one.signature, one])),
    trades: new Map(evidence.journal.map((trade) => [trade.id, trade])),
    tradesByOrder,
    tradeOfSignature,
    submissions: new Map(evidence.submissions.map((one) => [one.signature, one])),
  };
}

// --- orders: what clients were told ----------------------------------------------------------------------------

function checkOrder(examined: Case, order: ClientOrder): Finding[] {
  const findings: Finding[] = [];
  const [tradeId, ...others] = order.tradeIds;
  if (others.length > 0) {
    findings.push({
      kind: 'doubled',
      detail: `${order.clientOrderId} was given ${order.tradeIds.join(', ')}`,
    });
  }
  if (tradeId === undefined) {
    const trade = examined.tradesByOrder.get(order.clientOrderId)?.[0];
    if (order.deniedFor !== undefined && trade !== undefined) {
      findings.push(wrong(trade.id, `told denied for ${order.deniedFor}, and it was taken (${trade.state})`));
    }
    return findings;
  }
  const trade = examined.trades.get(tradeId);
  if (trade === undefined)
    findings.push({ kind: 'lost', tradeId, detail: 'accepted, and not in the journal' });
  if (order.saidMissing) findings.push({ kind: 'lost', tradeId, detail: 'accepted, and said to be unknown' });
  const attempts = trade?.attempts.map((attempt) => attempt.signature) ?? [];
  for (const told of order.told) findings.push(...checkTold(examined, told, attempts));
  const ends = new Set(order.told.map((told) => told.state).filter((state) => ENDS.has(state)));
  if (ends.size > 1) findings.push(wrong(tradeId, `told several ends: ${[...ends].join(', ')}`));
  if (order.last !== undefined) findings.push(...checkOutcome(examined, order, order.last));
  findings.push(...checkNoResends(examined, order, attempts));
  return findings;
}

function wrong(tradeId: string, detail: string): Finding {
  return { kind: 'toldWrong', tradeId, detail };
}

/** What was told once must be borne out by the ledger at the end, whenever it was told. */
function checkTold({ ledger }: Case, told: ToldState, written: readonly string[]): Finding[] {
  const all = [...new Set([...told.signatures, ...written])];
  const landings = all.flatMap((signature) => ledger.get(signature) ?? []);
  const { state, tradeId } = told;
  if (LANDED.has(state) && !landings.some((one) => !one.failed)) {
    return [wrong(tradeId, `told ${state}, and no attempt of it succeeded on the ledger`)];
  }
  if (state === 'failed' && !landings.some((one) => one.failed)) {
    return [wrong(tradeId, 'told failed, and no attempt of it failed on the ledger')];
  }
  if (NOT_LANDED.has(state) && landings.length > 0) {
    return [wrong(tradeId, `told ${state}, and ${landings[0]?.signature} is on the ledger`)];
  }
  return [];
}

/** Amounts and fee, to the unit. */
function checkOutcome({ ledger }: Case, order: ClientOrder, last: ToldState): Finding[] {
  if (last.state !== 'finalized' && last.state !== 'failed') return [];
  const landed = last.signatures.flatMap((signature) => ledger.get(signature) ?? [])[0];
  const { outcome, tradeId } = last;
  if (landed === undefined) return [];
  if (outcome === undefined) return [wrong(tradeId, `told ${last.state} without an outcome`)];
  const truth = {
    slot: landed.slot,
    feeLamports: landed.feeLamports,
    spent: -(landed.changes.get(order.inputMint) ?? 0n),
    received: landed.changes.get(order.outputMint) ?? 0n,
  };
  return (['slot', 'feeLamports', 'spent', 'received'] as const).flatMap((name) => {
    const said = outcome[name];
    if (said === truth[name]) return [];
    return [wrong(tradeId, `told ${last.state} with ${name} ${said}, and the ledger says ${truth[name]}`)];
  });
}

function checkNoResends({ submissions }: Case, order: ClientOrder, attempts: readonly string[]): Finding[] {
  const since = order.noResendsToldAtMs;
  if (since === undefined) return [];
  return attempts.flatMap((signature) => {
    const lastAtMs = submissions.get(signature)?.lastReceivedAtMs ?? Number.NEGATIVE_INFINITY;
    const lateMs = lastAtMs - since;
    if (lateMs <= STOP_GRACE_MS) return [];
    const detail = `told that nothing more is sent of it, and a send came ${Math.round(lateMs)} ms later`;
    return [{ ...wrong(order.tradeIds[0] ?? '', detail), signature }];
  });
}

function checkOrders({ tradesByOrder }: Case): Finding[] {
  return [...tradesByOrder].flatMap(([clientOrderId, trades]): Finding[] =>
    trades.length > 1
      ? [{ kind: 'doubled', detail: `${clientOrderId} is ${trades.map((trade) => trade.id).join(' and ')}` }]
      : [],
  );
}

// --- trades: the journal against the ledger ----------------------------------------------------------------------

function checkTrade(examined: Case, trade: JournalTrade): Finding[] {
  const { ledger } = examined;
  const landings = trade.attempts.flatMap((attempt) => ledger.get(attempt.signature) ?? []);
  const findings: Finding[] = [];
  if (landings.length > 1) {
    const signatures = landings.map((one) => one.signature).join(' and ');
    findings.push({ kind: 'doubled', tradeId: trade.id, detail: `${signatures} are on the ledger` });
  }
  if (!ENDS.has(trade.state)) {
    findings.push({ kind: 'unknown', tradeId: trade.id, detail: `it is ${trade.state} at the end` });
  }
  const written: ToldState = {
    atMs: Number.POSITIVE_INFINITY,
    tradeId: trade.id,
    state: trade.state,
    signatures: trade.attempts.map((attempt) => attempt.signature),
    outcome: undefined,
  };
  findings.push(...checkTold(examined, written, []));
  findings.push(...checkResigning(examined, trade));
  return findings;
}

/** Law L2: the next attempt's first byte may not come before the block that proves the last one's end is rooted. */
function checkResigning({ evidence, submissions }: Case, trade: JournalTrade): Finding[] {
  return trade.attempts.slice(1).flatMap((attempt, index): Finding[] => {
    const before = trade.attempts[index];
    const receivedAtMs = submissions.get(attempt.signature)?.firstReceivedAtMs;
    if (before === undefined || receivedAtMs === undefined) return [];
    const proof = firstSlotAbove(evidence, before.lastValidBlockHeight);
    // At any sample from the receipt on the proving block has to be rooted.
    const sample = evidence.samples.find((one) => one.askedAtMs >= receivedAtMs);
    if (sample === undefined || (proof !== undefined && sample.finalized >= proof)) return [];
    const detail =
      `attempt ${attempt.number} was sent while attempt ${before.number} could land: ` +
      `slot ${sample.finalized} was rooted, ${proof ?? 'a later one'} proves its end`;
    return [{ kind: 'resignedEarly', tradeId: trade.id, signature: attempt.signature, detail }];
  });
}

/** Slot of the first finalized block above a height. */
export function firstSlotAbove(
  { blocks, lastBlockHeight }: Pick<DrillEvidence, 'blocks' | 'lastBlockHeight'>,
  height: number,
): number | undefined {
  const firstHeight = lastBlockHeight - (blocks.length - 1);
  return blocks[Math.max(0, height + 1 - firstHeight)];
}

// --- the ledger and the record of sends against the journal -------------------------------------------------------

function checkLedger({ evidence, tradeOfSignature }: Case): Finding[] {
  return evidence.ledger.flatMap(({ signature, wallet, slot }): Finding[] =>
    tradeOfSignature.has(signature)
      ? []
      : [
          {
            kind: 'strangers',
            signature,
            detail: `${wallet} signed it, slot ${slot}; the journal has it not`,
          },
        ],
  );
}

/** Law L1: what was sent is in the journal. */
function checkSubmissions({ evidence, tradeOfSignature }: Case): Finding[] {
  return evidence.submissions.flatMap(({ signature, timesReceived }): Finding[] =>
    tradeOfSignature.has(signature)
      ? []
      : [{ kind: 'unwritten', signature, detail: `sent ${timesReceived} times and never written down` }],
  );
}

/**
 * Law L3: of trades that were taken before the stop nothing is sent after it, not even after its release; of those that
 * were taken later nothing as long as it is in force.
 */
function checkStop(examined: Case, stop: Stop): Finding[] {
  const { evidence, tradeOfSignature, submissions } = examined;
  const fromMs = stop.answeredAtMs + STOP_GRACE_MS;
  const releasedAtMs = stop.releaseAskedAtMs ?? Number.POSITIVE_INFINITY;
  const late = evidence.submissions.flatMap((sent): Finding[] => {
    const { signature } = sent;
    const trade = tradeOfSignature.get(signature);
    if (trade === undefined) return [];
    const isOlder = trade.acceptedAtMs <= stop.answeredAtMs;
    const atMs = isOlder ? sent.lastReceivedAtMs : sent.firstReceivedAtMs;
    if (atMs <= fromMs || (!isOlder && atMs >= releasedAtMs)) return [];
    const detail = `a send came ${Math.round(atMs - stop.answeredAtMs)} ms after the stop`;
    return [{ kind: 'sentAfterStop', tradeId: trade.id, signature, detail }];
  });
  const after = evidence.samples.find((sample) => sample.askedAtMs >= fromMs);
  if (after === undefined || stop.mayStillLand === undefined) return late;
  const listed = new Set(stop.mayStillLand);
  const unlisted = evidence.ledger.flatMap(({ signature, slot }): Finding[] => {
    const trade = tradeOfSignature.get(signature);
    const sentAtMs = submissions.get(signature)?.firstReceivedAtMs ?? Number.POSITIVE_INFINITY;
    const wasOut = trade !== undefined && sentAtMs < stop.answeredAtMs;
    if (!wasOut || slot <= after.tip || listed.has(signature)) return [];
    const detail = `the stop did not list ${signature}, which was out and landed in slot ${slot}`;
    return [{ ...wrong(trade.id, detail), signature }];
  });
  return [...late, ...unlisted];
}
