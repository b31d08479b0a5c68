/** A run: every target's lanes at once, a watch on both processes, and an account at the end. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  compareJournal,
  countOpenFiles,
  leakedFiles,
  loggedFaults,
  type OpenFiles,
  settledOpenFiles,
  tradeNormally,
} from './afterwards.js';
import { Generator, MIX, planOf } from './generator.js';
import { judge } from './judge.js';
import { lanesOf } from './lanes.js';
import { leaksOf, type MemoryTrend, MemoryWatch } from './memory-watch.js';
import { type Lane, type Message, type Outcome, TARGETS, type TargetName } from './message.js';
import { FuzzedSystem } from './system.js';
import { type Finding, Tally } from './tally.js';

export interface FuzzOptions {
  readonly count: number;
  readonly seed: string;
  /** Past this nothing more is sent, and the result says so. */
  readonly minutes: number;
  /** Indexes to replay in place of all; each is told on `note`. */
  readonly only?: readonly number[];
  /** Leave the directory with journal and log in place. */
  readonly keep: boolean;
  readonly note: (text: string) => void;
}

export interface FuzzResult {
  readonly seed: string;
  readonly count: number;
  readonly sent: number;
  /** The time was over before everything was sent. */
  readonly cutShort: boolean;
  readonly mixPermille: typeof MIX;
  readonly targets: ReturnType<Tally['byTarget']>;
  readonly findings: readonly Finding[];
  readonly findingsTotal: number;
  /** Resident after a collection, but for the mapped pages of the history. */
  readonly resident: Trends;
  /** Held by JavaScript after a collection, heap and buffers, of the main threads. */
  readonly held: Trends;
  /** The mapped pages of the executor's history. */
  readonly history: MemoryTrend;
  readonly openFiles: { readonly before: OpenFiles; readonly after: OpenFiles };
  /** State in which the normal trade ended that was made afterwards; empty when none landed. */
  readonly tradeAfterwards: string;
  readonly durationMs: number;
  readonly directory: string | undefined;
}

interface Trends {
  readonly executor: MemoryTrend;
  readonly cluster: MemoryTrend;
}

const PROBE_MS = 2_000;
const SAMPLES = 60;
/** Indexes by which a fast target may be ahead of the slowest. */
const MOST_AHEAD = 5_000;
const PACE_MS = 5;
const MINUTE_MS = 60_000;
/** Shorter runs say nothing of memory: both are still warming up. */
const LEAK_JUDGED_FROM = 100_000;

export async function runFuzz(options: FuzzOptions): Promise<FuzzResult> {
  const startedMs = performance.now();
  const system = await FuzzedSystem.open(options.seed, options.keep);
  try {
    return await new Campaign(options, system).run(startedMs);
  } finally {
    await system.close();
  }
}

class Campaign {
  readonly #options: FuzzOptions;
  readonly #system: FuzzedSystem;
  readonly #tally = new Tally();
  readonly #generator: Generator;
  readonly #memory: { readonly executor: MemoryWatch; readonly cluster: MemoryWatch };
  readonly #inFlight = new Set<number>();
  /** The last index that each target has taken. */
  readonly #reached = new Map<TargetName, number>();
  #isOver = false;

  constructor(options: FuzzOptions, system: FuzzedSystem) {
    this.#options = options;
    this.#system = system;
    this.#generator = new Generator(options.seed, system.surroundings);
    this.#memory = {
      executor: new MemoryWatch(system.executorPid),
      cluster: new MemoryWatch(system.clusterPid),
    };
  }

  async run(startedMs: number): Promise<FuzzResult> {
    const { seed, count, minutes, keep } = this.#options;
    const before = countOpenFiles(this.#system);
    const timer = setTimeout(() => {
      this.#isOver = true;
    }, minutes * MINUTE_MS);
    const ends = new AbortController();
    const watching = this.#watch(ends.signal);
    try {
      const plan = planOf(seed, Math.max(count, ...(this.#options.only ?? []).map((index) => index + 1)));
      await Promise.all(
        TARGETS.map((target, place) => this.#aim(target, indexesOf(plan, place, this.#options.only))),
      );
    } finally {
      clearTimeout(timer);
      ends.abort();
      await watching;
    }
    const after = this.#system.ended() === undefined ? await settledOpenFiles(this.#system, before) : before;
    const tradeAfterwards = await this.#account(before, after);
    const { sent } = this.#tally;
    return {
      seed,
      count,
      sent,
      cutShort: sent < (this.#options.only?.length ?? count),
      mixPermille: MIX,
      targets: this.#tally.byTarget(),
      findings: this.#tally.findings,
      findingsTotal: this.#tally.found,
      resident: { executor: this.#memory.executor.resident, cluster: this.#memory.cluster.resident },
      held: { executor: this.#memory.executor.held, cluster: this.#memory.cluster.held },
      history: this.#memory.executor.history,
      openFiles: { before, after },
      tradeAfterwards,
      durationMs: Math.round(performance.now() - startedMs),
      directory: keep ? this.#system.rig.directory : undefined,
    };
  }

  /** Every lane of a target takes from the same indexes. */
  async #aim(target: TargetName, indexes: Iterator<number>): Promise<void> {
    const { lanes, batch } = lanesOf(target, this.#system);
    const take = async (): Promise<number[]> => {
      while (this.#isAhead(target) && !this.#isOver) await delay(PACE_MS);
      const taken: number[] = [];
      while (taken.length < batch && !this.#isOver) {
        const next = indexes.next();
        if (next.done === true) break;
        taken.push(next.value);
      }
      this.#reached.set(target, taken.at(-1) ?? Number.POSITIVE_INFINITY);
      return taken;
    };
    await Promise.all(
      lanes.map(async (lane) => {
        for (let taken = await take(); taken.length > 0; taken = await take()) {
          await this.#fire(target, lane, taken);
        }
        lane.close();
      }),
    );
  }

  /** Targets differ in speed, and the mix is meant to be one at any time. */
  #isAhead(target: TargetName): boolean {
    const slowest = Math.min(...TARGETS.map((one) => this.#reached.get(one) ?? 0));
    return (this.#reached.get(target) ?? 0) > slowest + MOST_AHEAD;
  }

  async #fire(target: TargetName, lane: Lane, indexes: readonly number[]): Promise<void> {
    const messages = indexes.map((index) => this.#generator.message(target, index));
    const together = messages.filter((message) => message.alone !== true);
    const groups = [together, ...messages.filter((message) => message.alone === true).map((one) => [one])];
    for (const group of groups) {
      if (group.length === 0 || this.#isOver) continue;
      for (const { index } of group) this.#inFlight.add(index);
      const outcomes = await lane.send(group);
      if (this.#noticeEnd()) return;
      for (const [at, message] of group.entries()) {
        this.#inFlight.delete(message.index);
        this.#note(target, message, outcomes[at] ?? { type: 'closed' });
      }
    }
  }

  #note(target: TargetName, message: Message, outcome: Outcome): void {
    const { answer, fault } = judge(target, message, outcome);
    this.#tally.count(target, answer);
    if (fault !== undefined)
      this.#tally.find({ target, index: message.index, kind: message.kind, detail: fault });
    if (this.#options.only === undefined || this.#options.only.length > 100) return;
    const text = JSON.stringify(message.bytes.toString('latin1').slice(0, 2_000));
    this.#options.note(
      `${message.index} ${target} ${message.kind}: ${answer}\n${text}\n${JSON.stringify(outcome).slice(0, 1_000)}`,
    );
  }

  /** The one finding that ends a run. The messages that were under way are those to replay. */
  #noticeEnd(): boolean {
    const ended = this.#system.ended();
    if (ended === undefined) return false;
    if (!this.#isOver || !this.#tally.findings.some(({ detail }) => detail.startsWith('the process ended'))) {
      const under = [...this.#inFlight].sort((a, b) => a - b).join(',');
      this.#tally.find({
        target: 'system',
        detail: `the process ended: ${ended}; under way: ${under.slice(0, 2_000)}`,
      });
    }
    this.#isOver = true;
    return true;
  }

  async #watch(until: AbortSignal): Promise<void> {
    const every = Math.max(1, Math.floor(this.#options.count / SAMPLES));
    let due = 0;
    while (!until.aborted && !this.#noticeEnd()) {
      try {
        await this.#system.probe();
        if (this.#tally.sent >= due) {
          await this.#sample();
          due = this.#tally.sent + every;
        }
      } catch (error) {
        if (!this.#noticeEnd())
          this.#tally.find({ target: 'system', detail: `a probe failed: ${String(error)}` });
      }
      await delay(PROBE_MS, undefined, { signal: until }).catch(() => undefined);
    }
    if (!this.#noticeEnd()) await this.#sample();
  }

  async #sample(): Promise<void> {
    const collected = await this.#system.collectGarbage();
    const { sent } = this.#tally;
    const told = (['executor', 'cluster'] as const).map((name) => {
      const watch = this.#memory[name];
      watch.sample(sent, collected[name]);
      return `${name} ${watch.resident.endMiB} (held ${watch.held.endMiB})`;
    });
    this.#options.note(`${sent} sent, ${this.#tally.found} findings; resident MiB: ${told.join(', ')}`);
  }

  /** Everything that is looked at once, at the end. */
  async #account(before: OpenFiles, after: OpenFiles): Promise<string> {
    const find = (detail: string) => this.#tally.find({ target: 'system', detail });
    if (this.#system.ended() !== undefined) return '';
    const leak = leakedFiles(before, after);
    if (leak !== undefined) find(leak);
    for (const name of ['executor', 'cluster'] as const) {
      if (this.#tally.sent < LEAK_JUDGED_FROM) continue;
      for (const leak of leaksOf(this.#memory[name])) find(`${name}: ${leak}`);
    }
    let state = '';
    try {
      state = await tradeNormally(this.#system, this.#options.seed);
    } catch (error) {
      find(String(error));
    }
    for (const line of loggedFaults(this.#system.rig.logFile)) find(`logged: ${line}`);
    for (const line of await compareJournal(this.#system)) find(`journal: ${line}`);
    return state;
  }
}

function* indexesOf(
  plan: Uint8Array,
  place: number,
  only: readonly number[] | undefined,
): IterableIterator<number> {
  if (only !== undefined) {
    for (const index of only) if (plan[index] === place) yield index;
    return;
  }
  for (let index = 0; index < plan.length; index += 1) if (plan[index] === place) yield index;
}
