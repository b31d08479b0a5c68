/** Trades at a steady rate while sends are lost, slots are skipped and streams are cut: how soon do they confirm? */
import type { ControlClient } from '../src/cli/control-client.js';
import { checkDrill, type FindingKind } from './checker.js';
import type { DrillCluster } from './cluster.js';
import { collectEvidence, sampleSlots } from './collect.js';
import type { SlotSample } from './evidence.js';
import { delay } from './executor-process.js';
import { Load } from './load.js';
import { OrderBook } from './order-book.js';
import { OrderMaker, readReserves } from './order-maker.js';
import { pause } from './pause.js';
import { quantile } from './quantile.js';
import { Rig } from './rig.js';
import { seeded } from './seeded.js';

export interface LossOptions {
  readonly minutes: number;
  /** Trades offered a second. */
  readonly rate: number;
  /** Share of single slots without a block, and share of leaders that are absent for all of their four. */
  readonly skipRate: number;
  readonly leaderSkipRate: number;
  readonly seed: string;
  readonly note: (text: string) => void;
}

export interface LossResult {
  readonly accepted: number;
  readonly landed: number;
  readonly failed: number;
  readonly expired: number;
  readonly denied: number;
  readonly deniedBy: Readonly<Record<string, number>>;
  readonly findings: { readonly [Kind in FindingKind]: number };
  readonly intentToConfirmedMs: { readonly p50: number; readonly p95: number; readonly p99: number };
  readonly slotDelta: { readonly p50: number; readonly p95: number };
  readonly sendsATrade: number;
  readonly streamCuts: number;
  readonly durationMs: number;
}

const SLOT_MS = 400;
const DROP_RATE = 0.2;
const CUT_EVERY_MS = 60_000;
const FIRST_CUT_MS = 30_000;
const SETTLE_TIMEOUT_MS = 240_000;
const ROOT_MS = 40 * SLOT_MS;
const LIFE_BLOCKS = 150;

export async function runLoss(options: LossOptions): Promise<LossResult> {
  const startedMs = performance.now();
  const rig = await Rig.open({
    clusterArgs: [
      ...['--seed', `loss-${options.seed}`, '--slot-ms', String(SLOT_MS)],
      ...['--skip-rate', String(options.skipRate), '--leader-skip-rate', String(options.leaderSkipRate)],
      ...['--chaos-set', `sendDropRate=${DROP_RATE}`],
    ],
    settings: { MAX_PRICE_IMPACT_BPS: '10000' },
  });
  const ends = new AbortController();
  const samples: SlotSample[] = [];
  try {
    const life = rig.startExecutor();
    const control = await life.control();
    if (control === undefined || !(await life.ready(control))) throw new Error('the executor ended');
    const sampling = sampleSlots(rig.cluster, samples, ends.signal);
    const { book, cuts } = await trade(rig, control, options);
    options.note(`offered ${book.size}; ${book.openCount} are open`);
    await book.settle(control, SETTLE_TIMEOUT_MS);
    await delay(ROOT_MS);
    ends.abort();
    await sampling;
    if (!(await life.stop())) throw new Error('the executor did not end in order');
    const evidence = await collectEvidence(rig, book, [], samples);
    const sends = evidence.submissions.reduce((sum, one) => sum + one.timesReceived, 0);
    const inState = (state: string) => evidence.journal.filter((one) => one.state === state).length;
    return {
      accepted: book.accepted,
      landed: inState('finalized'),
      failed: inState('failed'),
      expired: inState('expired'),
      denied: inState('denied'),
      deniedBy: summed(book.denialCodes(), book.laterDenialCodes()),
      findings: checkDrill(evidence).counts,
      ...latencyOf(book),
      sendsATrade: Math.round((100 * sends) / Math.max(evidence.submissions.length, 1)) / 100,
      streamCuts: cuts,
      durationMs: Math.round(performance.now() - startedMs),
    };
  } finally {
    ends.abort();
    await rig.close();
  }
}

async function trade(
  rig: Rig,
  control: ControlClient,
  options: LossOptions,
): Promise<{ book: OrderBook; cuts: number }> {
  const book = new OrderBook({ retries: false });
  const maker = new OrderMaker({
    random: seeded(options.seed, 'orders'),
    pools: rig.cluster.info.pools,
    reserves: await readReserves(control),
    namePrefix: 'loss',
    deadlineMs: { least: 30_000, most: 30_000 },
    shortestValidityBlocks: LIFE_BLOCKS,
    shortLifeShare: 0,
    dryRunShare: 0,
    tightShare: 0,
  });
  const load = new Load(control, book, maker, options.rate);
  const ends = new AbortController();
  const cutting = cutStreams(rig.cluster, ends.signal);
  load.start();
  await delay(options.minutes * 60_000);
  await load.stop();
  ends.abort();
  return { book, cuts: await cutting };
}

/** One a minute. */
async function cutStreams(cluster: DrillCluster, until: AbortSignal): Promise<number> {
  let cuts = 0;
  await pause(FIRST_CUT_MS, until);
  while (!until.aborted) {
    await cluster.cutStreams();
    cuts += 1;
    await pause(CUT_EVERY_MS, until);
  }
  return cuts;
}

function summed(left: Record<string, number>, right: Record<string, number>): Record<string, number> {
  const sums = { ...left };
  for (const [code, count] of Object.entries(right)) sums[code] = (sums[code] ?? 0) + count;
  return sums;
}

function latencyOf(book: OrderBook) {
  const landed = book.views().filter((view) => view.state === 'finalized');
  // A landing whose confirmation was not timed counts as the slowest of all.
  const confirmedMs = landed.map((view) => (view.timesUs?.confirmedUs ?? Number.POSITIVE_INFINITY) / 1_000);
  const deltas = landed.flatMap((view) => view.outcome?.slotDelta ?? []);
  return {
    intentToConfirmedMs: {
      p50: quantile(confirmedMs, 0.5),
      p95: quantile(confirmedMs, 0.95),
      p99: quantile(confirmedMs, 0.99),
    },
    slotDelta: { p50: quantile(deltas, 0.5), p95: quantile(deltas, 0.95) },
  };
}
