/** The long drill: an executor that is killed again and again under chaos, and an account of every trade at the end. */
import type { ControlClient } from '../src/cli/control-client.js';
import { checkDrill, type Finding, type Verdict } from './checker.js';
import { collectEvidence, sampleSlots } from './collect.js';
import type { DrillEvidence, SlotSample, Stop } from './evidence.js';
import { askOrUndefined, delay, type ExecutorProcess } from './executor-process.js';
import { readFaults } from './log-reader.js';
import { OrderBook } from './order-book.js';
import { OrderMaker, readReserves } from './order-maker.js';
import { pause } from './pause.js';
import { Rig } from './rig.js';
import { type Seeded, seeded } from './seeded.js';
import { changeWeather, SMALL_BLOCKS, type Spell, type WeatherName } from './weather.js';
import { type WeatherFigures, weatherFigures } from './weather-figures.js';

export interface DrillOptions {
  readonly trades: number;
  readonly kills: number;
  readonly seed: string;
  /** Orders offered a second while the executor is up. */
  readonly rate: number;
  readonly slotMs: number;
  /** Leaves the data directory in place. */
  readonly keep: boolean;
  readonly note: (text: string) => void;
}

export const DRILL_DEFAULTS = { trades: 10_000, kills: 200, rate: 40, slotMs: 20 } as const;

export interface DrillResult {
  readonly trades: number;
  readonly kills: number;
  /** Lives that ended before the blow, of a fault of their own. */
  readonly crashes: number;
  readonly accepted: number;
  readonly landed: number;
  readonly failed: number;
  readonly expired: number;
  readonly denied: number;
  readonly cancelled: number;
  readonly simulated: number;
  readonly lost: number;
  readonly doubled: number;
  readonly toldWrong: number;
  readonly unknown: number;
  readonly sentAfterStop: number;
  readonly unwritten: number;
  readonly resignedEarly: number;
  readonly strangers: number;
  readonly journalDamage: number;
  /** Never accepted, by code. */
  readonly deniedAtTheDoor: Readonly<Record<string, number>>;
  /** Accepted and refused before a signature, or no further attempt made, by code. */
  readonly deniedLater: Readonly<Record<string, number>>;
  readonly attempts: number;
  readonly resigned: number;
  readonly sends: number;
  readonly resubmitted: number;
  readonly stops: number;
  readonly weather: Readonly<Partial<Record<WeatherName, WeatherFigures>>>;
  readonly invariantFaults: number;
  readonly slots: number;
  readonly durationMs: number;
  readonly seed: string;
  readonly findings: readonly Finding[];
  readonly directory: string | undefined;
}

/** An attempt that does not land holds its wallet until it has expired: more wallets, more attempts that expire. */
const TRADING_KEYS = 24;
const POOLS = 12;
/** Findings printed in full. */
const MOST_FINDINGS = 50;
const READY_POLL_MS = 40;
const POLL_MS = 150;
const POLL_MOST = 40;
const CANCEL_SHARE = 0.3;
const CANCEL_EVERY_MS = 800;
/** Share of lives in which the switch is thrown. */
const STOP_SHARE = 0.1;
const STOP_HOLDS_MS = { least: 100, most: 1_500 };
const STOP_RETRY_MS = 50;
/** Share of lives that end before the executor is ready: kill -9 in the midst of its recovery. */
const EARLY_KILL_SHARE = 0.15;
const EARLY_KILL_MS = { least: 30, most: 1_500 };
const LONG_LIFE_SHARE = 0.15;
const LONG_LIFE_FACTOR = 5;
/** Makes up for the long lives and the early deaths, so that orders and kills end together. */
const OFFERS_FACTOR = 0.7;
const EARLY_ORDER_SHARE = 0.1;
/** A life that cannot offer what was planned (stopped, or nothing is fresh) is killed all the same. */
const LIFE_MOST_MS = 20_000;
const SETTLE_TIMEOUT_MS = 120_000;
const DEADLINE_MS = { least: 2_000, most: 30_000 };
const SHORTEST_VALIDITY_BLOCKS = 10;
const ROOT_MS_SLOTS = 80;

export async function runDrill(options: DrillOptions): Promise<DrillResult> {
  const startedMs = performance.now();
  const rig = await Rig.open({
    keep: options.keep,
    tradingKeys: TRADING_KEYS,
    clusterArgs: [
      ...['--seed', `drill-${options.seed}`, '--slot-ms', String(options.slotMs)],
      ...['--leader-delay-ms', '10', '--leader-jitter-ms', '5', '--market-rate', '20'],
      ...['--pools', String(POOLS), ...SMALL_BLOCKS],
      ...['--ledger-slots', '500000', '--ledger-transactions', '1000000'],
    ],
    settings: drillSettings(),
  });
  try {
    const drill = new Drill(rig, options);
    const { evidence, verdict } = await drill.run();
    return resultOf(options, rig, drill, evidence, verdict, performance.now() - startedMs);
  } finally {
    await rig.close();
  }
}

/** The rules are the product's own; ages that are counted in slots are stretched to the times of 20 ms slots. */
function drillSettings(): Record<string, string> {
  return {
    MAX_POOL_AGE_SLOTS: '40',
    MAX_BLOCKHASH_AGE_SLOTS: '60',
    VENUE_LOCK_SLOTS: '10',
    RPC_TIMEOUT_MS: '1000',
    RPC_POOL_SIZE: '8',
    MAX_OUTAGE_MS: '0',
    MAX_CONCURRENT_TRADES: '64',
    KEEP_WARM_MS: '0',
    MAX_PRICE_IMPACT_BPS: '10000',
  };
}

/** Whether nothing was found, and something was there to be found: trades that landed. */
export function hasPassed(result: DrillResult): boolean {
  const { findings, crashes, invariantFaults, landed } = result;
  return findings.length === 0 && crashes === 0 && invariantFaults === 0 && landed > 0;
}

class Drill {
  readonly book = new OrderBook();
  readonly stops: Stop[] = [];
  readonly spells: Spell[] = [];
  readonly #rig: Rig;
  readonly #options: DrillOptions;
  readonly #plan: Seeded;
  readonly #stopPlan: Seeded;
  readonly #samples: SlotSample[] = [];
  #maker: OrderMaker | undefined;
  /** A stop was asked for and is not released: it outlives the process. */
  #stopped = false;
  #releaseAtMs = 0;
  #offered = 0;
  #isReady = false;
  kills = 0;
  crashes = 0;

  constructor(rig: Rig, options: DrillOptions) {
    this.#rig = rig;
    this.#options = options;
    this.#plan = seeded(options.seed, 'lives');
    this.#stopPlan = seeded(options.seed, 'stops');
  }

  async run(): Promise<{ evidence: DrillEvidence; verdict: Verdict }> {
    const end = new AbortController();
    const clearSky = new AbortController();
    const sampling = sampleSlots(this.#rig.cluster, this.#samples, end.signal);
    const weather = changeWeather(
      this.#rig.cluster,
      seeded(this.#options.seed, 'weather'),
      this.spells,
      clearSky.signal,
    );
    // Waited for below; until then a failure of theirs ends nothing by itself.
    const background = Promise.allSettled([sampling, weather]);
    try {
      while (this.kills < this.#options.kills) {
        this.#rig.cluster.assertAlive();
        await this.#live(true);
        this.#report();
      }
      const last = await this.#live(false);
      clearSky.abort();
      await weather;
      await this.#settle(last);
    } finally {
      clearSky.abort();
      end.abort();
      await background;
    }
    await sampling;
    const evidence = await collectEvidence(this.#rig, this.book, this.stops, this.#samples);
    return { evidence, verdict: checkDrill(evidence) };
  }

  /** One life of the process. With `kill` it ends by kill -9, else it goes on when everything is offered. */
  async #live(kill: boolean): Promise<ExecutorProcess> {
    const plan = this.#plan;
    const life = this.#rig.startExecutor({ SIGNING: plan.pick(['inline', 'inline', 'auto', 'pool']) });
    const ends = new AbortController();
    const isEarly = kill && plan.chance(EARLY_KILL_SHARE);
    const earlyMs = plan.between(EARLY_KILL_MS.least, EARLY_KILL_MS.most);
    const stretch = plan.chance(LONG_LIFE_SHARE) ? LONG_LIFE_FACTOR : 1;
    const mean = this.#options.trades / (this.#options.kills + 1);
    const offers = kill
      ? Math.ceil(-Math.log(1 - plan.next()) * mean * stretch * OFFERS_FACTOR)
      : Number.POSITIVE_INFINITY;
    const throwsSwitch = this.#stopPlan.chance(STOP_SHARE);
    try {
      if (isEarly) {
        await delay(earlyMs);
      } else {
        const control = await life.control();
        if (control === undefined) throw new Error('the executor ended by itself');
        if (this.#maker === undefined) await this.#prepare(life, control);
        const tasks = [
          this.#watchReadiness(control, ends.signal),
          this.#poll(control, ends.signal),
          this.#switch(control, throwsSwitch, ends.signal),
          this.#cancelSome(control, ends.signal),
        ];
        await this.#offer(life, control, offers);
        // The last offers are at every stage of their lives when the blow comes.
        if (kill) await delay(plan.between(0, 120));
        if (kill) await life.kill();
        ends.abort();
        await Promise.all(tasks);
      }
    } finally {
      ends.abort();
    }
    if (life.hasExited && !kill) throw new Error('the executor ended by itself');
    if (kill) {
      await life.kill();
      this.kills += 1;
      if (life.failure !== undefined) {
        this.crashes += 1;
        this.#options.note(`life ${this.kills} ended by itself with ${life.failure}`);
      }
    }
    return life;
  }

  async #prepare(life: ExecutorProcess, control: ControlClient): Promise<void> {
    if (!(await life.ready(control))) throw new Error('the executor ended by itself');
    this.#maker = new OrderMaker({
      random: seeded(this.#options.seed, 'orders'),
      pools: this.#rig.cluster.info.pools,
      reserves: await readReserves(control),
      namePrefix: `drill-${this.#options.seed}`.replaceAll(/[^A-Za-z0-9._:-]/g, '_').slice(0, 40),
      deadlineMs: DEADLINE_MS,
      shortestValidityBlocks: SHORTEST_VALIDITY_BLOCKS,
    });
  }

  /** Offers at a set rate whatever the answers: first what nobody answered, then new orders. */
  async #offer(life: ExecutorProcess, control: ControlClient, most: number): Promise<void> {
    const startedMs = Date.now();
    const answers: Promise<void>[] = [];
    let offers = 0;
    const periodMs = 1_000 / this.#options.rate;
    let dueMs = startedMs;
    while (!life.hasExited && offers < most) {
      const nowMs = Date.now();
      const isOver = this.#offered >= this.#options.trades && this.book.unsettledCount === 0;
      if (isOver || (Number.isFinite(most) && nowMs - startedMs > LIFE_MOST_MS)) break;
      let body = this.book.nextUnsettled(nowMs);
      // New orders make the length of a life; those that come before it is ready are few, and are denied.
      if (body === undefined && (this.#isReady || this.#plan.chance(EARLY_ORDER_SHARE))) {
        body = this.#newOrder(nowMs - startedMs);
        offers += 1;
      }
      if (body !== undefined) answers.push(this.book.offer(control, body));
      dueMs = Math.max(dueMs + periodMs, nowMs - periodMs);
      const waitMs = dueMs - Date.now();
      if (waitMs > 0) await delay(waitMs);
    }
    if (!Number.isFinite(most)) await Promise.all(answers);
  }

  #newOrder(upMs: number) {
    if (this.#offered >= this.#options.trades || this.#maker === undefined) return undefined;
    this.#offered += 1;
    const SHARE_OF_SLOTS_WITH_BLOCK = 0.7;
    return this.#maker.next(Math.floor((upMs / this.#options.slotMs) * SHARE_OF_SLOTS_WITH_BLOCK));
  }

  /** Whether this life may trade, as it is known while orders are offered. */
  async #watchReadiness(control: ControlClient, until: AbortSignal): Promise<void> {
    this.#isReady = false;
    while (!until.aborted && !this.#isReady) {
      const answer = await askOrUndefined(control, 'GET', '/readyz');
      this.#isReady = answer?.status === 200;
      await pause(READY_POLL_MS, until);
    }
  }

  async #poll(control: ControlClient, until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      await this.book.poll(control, POLL_MOST);
      await pause(POLL_MS, until);
    }
  }

  async #cancelSome(control: ControlClient, until: AbortSignal): Promise<void> {
    const random = this.#stopPlan;
    while (!until.aborted) {
      await pause(CANCEL_EVERY_MS, until);
      if (until.aborted || !random.chance(CANCEL_SHARE)) continue;
      await this.book.cancelOne(control, (count) => Math.floor(random.next() * count));
    }
  }

  /** Throws the switch at some moment of this life, or holds and releases what an earlier life left stopped. */
  async #switch(control: ControlClient, throwsSwitch: boolean, until: AbortSignal): Promise<void> {
    const random = this.#stopPlan;
    if (!this.#stopped && !throwsSwitch) return;
    if (!this.#stopped) {
      await pause(random.between(0, 2_000), until);
      if (until.aborted || !(await this.#stop(control, until))) return;
    }
    await pause(Math.max(0, this.#releaseAtMs - Date.now()), until);
    while (this.#stopped && !until.aborted) {
      this.#noteRelease();
      const request = { active: false, reason: 'the drill goes on' };
      const answer = await askOrUndefined(control, 'POST', '/api/kill-switch', request);
      if (answer?.status === 200) this.#stopped = false;
      else await pause(STOP_RETRY_MS, until);
    }
  }

  /** Whether it is answered or not, the release may be in force from here on. */
  #noteRelease(): void {
    const last = this.stops.pop();
    if (last !== undefined)
      this.stops.push({ ...last, releaseAskedAtMs: last.releaseAskedAtMs ?? Date.now() });
  }

  async #stop(control: ControlClient, until: AbortSignal): Promise<boolean> {
    while (!until.aborted) {
      // Whether it answers or not, it may be in force from here on.
      this.#stopped = true;
      const answer = await askOrUndefined(control, 'POST', '/api/kill-switch');
      if (answer?.status === 200) {
        const { mayStillLand } = answer.body as { mayStillLand?: { signature: string }[] };
        this.stops.push({
          answeredAtMs: Date.now(),
          mayStillLand: mayStillLand?.map((attempt) => attempt.signature),
          releaseAskedAtMs: undefined,
        });
        this.#releaseAtMs = Date.now() + this.#stopPlan.between(STOP_HOLDS_MS.least, STOP_HOLDS_MS.most);
        return true;
      }
      await pause(STOP_RETRY_MS, until);
    }
    return false;
  }

  /** The sky is clear and everything was offered: waits for every end, then ends the executor in order. */
  async #settle(life: ExecutorProcess): Promise<void> {
    const control = await life.control();
    if (control === undefined) throw new Error('the executor ended by itself');
    this.#options.note(`everything is offered; ${this.book.openCount} trades are open`);
    await this.book.settle(control, SETTLE_TIMEOUT_MS);
    // What landed last has to be rooted before the ledger is read.
    await delay(ROOT_MS_SLOTS * this.#options.slotMs);
    if (!(await life.stop())) throw new Error('the executor did not end in order');
  }

  #report(): void {
    const { kills } = this.#options;
    if (this.kills % 10 !== 0) return;
    this.#options.note(
      `${this.kills} of ${kills} kills, ${this.#offered} orders offered, ${this.book.openCount} trades open`,
    );
  }
}

function resultOf(
  options: DrillOptions,
  rig: Rig,
  drill: Drill,
  evidence: DrillEvidence,
  verdict: Verdict,
  durationMs: number,
): DrillResult {
  const inState = (state: string) => evidence.journal.filter((trade) => trade.state === state).length;
  const attempts = evidence.journal.reduce((sum, trade) => sum + trade.attempts.length, 0);
  return {
    trades: drill.book.size,
    kills: drill.kills,
    crashes: drill.crashes,
    accepted: drill.book.accepted,
    landed: inState('finalized'),
    failed: inState('failed'),
    expired: inState('expired'),
    denied: inState('denied'),
    cancelled: inState('cancelled'),
    simulated: inState('simulated'),
    ...verdict.counts,
    deniedAtTheDoor: drill.book.denialCodes(),
    deniedLater: drill.book.laterDenialCodes(),
    attempts,
    resigned: evidence.journal.filter((trade) => trade.attempts.length > 1).length,
    sends: evidence.submissions.reduce((sum, one) => sum + one.timesReceived, 0),
    resubmitted: drill.book.resubmitted,
    stops: drill.stops.length,
    weather: weatherFigures(drill.spells, evidence),
    invariantFaults: readFaults(rig.logFile).length,
    slots: evidence.samples.at(-1)?.tip ?? 0,
    durationMs: Math.round(durationMs),
    seed: options.seed,
    findings: verdict.findings.slice(0, MOST_FINDINGS),
    directory: options.keep ? rig.directory : undefined,
  };
}
