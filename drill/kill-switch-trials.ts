/** Throws the switch again and again under load and asks the cluster when the last byte came. */
import type { ControlClient } from '../src/cli/control-client.js';
import { checkDrill, STOP_GRACE_MS } from './checker.js';
import type { DrillCluster } from './cluster.js';
import type { Stop } from './evidence.js';
import { delay } from './executor-process.js';
import { readJournal } from './journal-reader.js';
import { Load } from './load.js';
import { OrderBook } from './order-book.js';
import { OrderMaker, readReserves } from './order-maker.js';
import { quantile } from './quantile.js';
import { Rig } from './rig.js';
import { seeded } from './seeded.js';

export interface KillSwitchOptions {
  readonly trials: number;
  /** Orders offered a second. */
  readonly rate: number;
  readonly seed: string;
  readonly note: (text: string) => void;
}

export interface KillSwitchResult {
  readonly trials: number;
  /** Trials in which attempts were out that would have been sent again. */
  readonly trialsWithLiveAttempts: number;
  readonly answerMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Last byte of a trial after its 200, ms; negative where none came after it. */
  readonly lastByteMs: { readonly p50: number; readonly p99: number; readonly worst: number };
  /** Trials with a byte later than 50 ms after the 200. */
  readonly late: number;
  /** The same, where the cluster itself answered in time: it was awake to read what had arrived. */
  readonly lateWhileClusterAwake: number;
  /** How long the cluster took to answer a question that was asked at the 200. */
  readonly clusterAnswerMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Sends of trades that were taken before a stop, at any time after it, and of others while it was in force. */
  readonly revived: number;
  readonly sends: number;
  readonly durationMs: number;
  readonly seed: string;
}

const SLOT_MS = 40;
/** Sends are lost, so that many attempts are being sent again at any moment. */
const DROP_RATE = 0.4;
/** What a stop left unlanded holds its wallet until it has expired: lives are short, so that load comes back. */
const LIFE_BLOCKS = { least: 10, most: 25 };
const RUNS_MS = { least: 150, most: 450 };
/** After the 200 the record is read when bytes had this long to come. */
const WATCH_MS = 130;
const REPORT_EVERY = 100;

interface Trial {
  readonly answerMs: number;
  readonly lastByteMs: number;
  readonly clusterAnswerMs: number;
  readonly liveAttempts: number;
}

export async function runKillSwitchTrials(options: KillSwitchOptions): Promise<KillSwitchResult> {
  const startedMs = performance.now();
  const rig = await Rig.open({
    clusterArgs: [
      ...['--seed', `kill-switch-${options.seed}`, '--slot-ms', String(SLOT_MS), '--market-rate', '8'],
      ...['--chaos-set', `sendDropRate=${DROP_RATE}`],
    ],
    settings: { MAX_OUTAGE_MS: '0', MAX_PRICE_IMPACT_BPS: '10000', MAX_POOL_AGE_SLOTS: '20' },
  });
  try {
    const life = rig.startExecutor();
    const control = await life.control();
    if (control === undefined || !(await life.ready(control))) throw new Error('the executor ended');
    await untilOldHashesAreKnown(rig.cluster);
    const load = await startLoad(rig, control, options);
    const stops: Stop[] = [];
    const trials = await runTrials(rig.cluster, control, options, stops);
    await load.stop();
    if (!(await life.stop())) throw new Error('the executor did not end in order');
    const submissions = await rig.cluster.submissions();
    const journal = readJournal(rig.journalDirectory).trades;
    const only = { orders: [], journalFaults: [], ledger: [], samples: [], blocks: [], lastBlockHeight: 0 };
    const { counts } = checkDrill({ ...only, journal, submissions, stops });
    return {
      ...figuresOf(trials),
      revived: counts.sentAfterStop,
      sends: submissions.reduce((sum, one) => sum + one.timesReceived, 0),
      durationMs: Math.round(performance.now() - startedMs),
      seed: options.seed,
    };
  } finally {
    await rig.close();
  }
}

/** Short lives are signed on old hashes, which a fresh executor does not have. */
async function untilOldHashesAreKnown(cluster: DrillCluster): Promise<void> {
  const VALIDITY_SLOTS = 170;
  const { tip } = await cluster.slots();
  while ((await cluster.slots()).tip < tip + VALIDITY_SLOTS) await delay(WATCH_MS);
}

async function startLoad(rig: Rig, control: ControlClient, options: KillSwitchOptions): Promise<Load> {
  const maker = new OrderMaker({
    random: seeded(options.seed, 'orders'),
    pools: rig.cluster.info.pools,
    reserves: await readReserves(control),
    namePrefix: 'stop',
    deadlineMs: { least: 5_000, most: 20_000 },
    shortestValidityBlocks: LIFE_BLOCKS.least,
    longestShortLifeBlocks: LIFE_BLOCKS.most,
    shortLifeShare: 1,
    dryRunShare: 0,
  });
  const load = new Load(control, new OrderBook(), maker, options.rate);
  load.start();
  return load;
}

async function runTrials(
  cluster: DrillCluster,
  control: ControlClient,
  options: KillSwitchOptions,
  stops: Stop[],
): Promise<Trial[]> {
  const random = seeded(options.seed, 'trials');
  const trials: Trial[] = [];
  while (trials.length < options.trials) {
    await delay(random.between(RUNS_MS.least, RUNS_MS.most));
    trials.push(await oneTrial(cluster, control, stops));
    if (trials.length % REPORT_EVERY === 0) options.note(`${trials.length} of ${options.trials} trials`);
  }
  return trials;
}

async function oneTrial(cluster: DrillCluster, control: ControlClient, stops: Stop[]): Promise<Trial> {
  const askedMs = performance.now();
  const answer = await control.ask('POST', '/api/kill-switch');
  const answeredAtMs = Date.now();
  const answerMs = performance.now() - askedMs;
  if (answer.status !== 200) throw new Error(`the stop was answered ${answer.status}`);
  const { mayStillLand } = answer.body as { mayStillLand: { signature: string }[] };
  const wakeMs = performance.now();
  await cluster.slots();
  const clusterAnswerMs = performance.now() - wakeMs;
  await delay(WATCH_MS);
  const late = await cluster.submissions(answeredAtMs - WATCH_MS);
  const lastByteMs = Math.max(-WATCH_MS, ...late.map((one) => one.lastReceivedAtMs - answeredAtMs));
  stops.push({
    answeredAtMs,
    mayStillLand: mayStillLand.map((attempt) => attempt.signature),
    releaseAskedAtMs: Date.now(),
  });
  await control.post('/api/kill-switch', { active: false, reason: 'the trial is over' });
  return { answerMs, lastByteMs, clusterAnswerMs, liveAttempts: mayStillLand.length };
}

function figuresOf(trials: readonly Trial[]) {
  const spread = (values: readonly number[]) => ({
    p50: quantile(values, 0.5),
    p99: quantile(values, 0.99),
    max: quantile(values, 1),
  });
  const last = spread(trials.map((trial) => trial.lastByteMs));
  const late = trials.filter((trial) => trial.lastByteMs > STOP_GRACE_MS);
  return {
    trials: trials.length,
    trialsWithLiveAttempts: trials.filter((trial) => trial.liveAttempts > 0).length,
    answerMs: spread(trials.map((trial) => trial.answerMs)),
    lastByteMs: { p50: last.p50, p99: last.p99, worst: last.max },
    late: late.length,
    lateWhileClusterAwake: late.filter((trial) => trial.lastByteMs > STOP_GRACE_MS + trial.clusterAnswerMs)
      .length,
    clusterAnswerMs: spread(trials.map((trial) => trial.clusterAnswerMs)),
  };
}
