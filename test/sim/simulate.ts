/** Runs one seed to its end and says what happened. */
import { TERMINAL_STATES } from '../../src/model/trade-state.js';
import { profileOf, type SimOptions } from './profile.js';
import { SIM_START_MS } from './virtual-clock.js';
import { World } from './world.js';

/** Far above what any seed needs; a world that does more runs in circles. */
const MAX_EVENTS = 2_000_000;
/** How often it is looked whether everything has ended. */
const LOOK_EVERY_SLOTS = 4;
/** Until a block is rooted that no attempt of an earlier life can be in (see `confirm/lost-attempts.ts`). */
const SEARCH_BLOCKS = 250;
/** Beyond the attempts' own lives: polls, restarts, roots. */
const SETTLING_MS = 60_000;

export interface SimResult {
  readonly seed: number;
  /** Of everything that happened: a replay is exact when it is the same. */
  readonly hash: string;
  /** Laws that were broken; empty is good. */
  readonly violations: readonly string[];
  /** Trades by their end. */
  readonly ends: { readonly [state: string]: number };
  readonly accepted: number;
  readonly refused: number;
  readonly unknownsTold: number;
  readonly attempts: number;
  readonly crashes: number;
  readonly stops: number;
  /** Records of the journal that were made unreadable. */
  readonly damaged: number;
  readonly forksLost: number;
  readonly virtualMs: number;
  readonly events: number;
  /** The story's newest lines, if they were kept. */
  readonly story: readonly string[];
}

export async function simulate(options: SimOptions): Promise<SimResult> {
  const world = new World(profileOf(options));
  const { clock, checker, profile, clients } = world;
  let events = 0;
  const runUntil = async (isDone: () => boolean, untilMs: number): Promise<boolean> => {
    let lookAtMs = 0;
    for (;;) {
      if (clock.exactMs >= lookAtMs) {
        if (isDone()) return true;
        lookAtMs = clock.exactMs + LOOK_EVERY_SLOTS * profile.slotMs;
      }
      if (events >= MAX_EVENTS || !clock.step(untilMs)) return false;
      events += 1;
      if (!world.isDirty) continue;
      world.isDirty = false;
      await turn();
    }
  };

  await runUntil(
    () => false,
    SIM_START_MS + (profile.workloadSlots + profile.chaosTailSlots) * profile.slotMs,
  );
  world.heal();
  const oneAttemptMs = (profile.validityBlocks + profile.rootDepth + 8) * profile.slotMs;
  const searchMs = checker.damagedRecords > 0 ? SEARCH_BLOCKS * profile.slotMs : 0;
  const boundMs = clock.exactMs + profile.maxAttempts * oneAttemptMs + searchMs + SETTLING_MS;
  await runUntil(() => isSettled(world), boundMs);
  const { life } = world;
  if (!clients.areDone) checker.violated('liveness', 'a client got no answer long after the network healed');
  if (!life?.isReady) checker.violated('liveness', 'the process is not up long after the network healed');
  else {
    // Bytes that are still on their way may arrive until their hash has run out.
    const last = checker.lastHeight();
    const ended = new Map([...checker.trades.keys()].map((id) => [id, life.stateOf(id)] as const));
    const leftOver = checker.violations.length === 0 ? life.leftOver() : [];
    for (const what of leftOver) checker.violated('leak', `${what} after every trade has ended`);
    world.end();
    const lateMs = clock.exactMs + oneAttemptMs + SETTLING_MS;
    const isOver = await runUntil(() => world.cluster.root.height > last, lateMs);
    if (!isOver) checker.violated('simulation', 'the cluster did not go on');
    checker.atEnd((id) => ended.get(id));
    return resultOf(world, ended.values(), events);
  }
  world.end();
  return resultOf(world, [], events);
}

function isSettled({ life, clients, checker }: World): boolean {
  if (!clients.areDone || !life?.isReady || life.desk.liveCount > 0) return false;
  for (const id of checker.trades.keys()) {
    const state = life.stateOf(id);
    if (state !== undefined && !TERMINAL_STATES.has(state)) return false;
  }
  return true;
}

function resultOf(world: World, states: Iterable<string | undefined>, events: number): SimResult {
  const ends: { [state: string]: number } = {};
  for (const state of states) ends[state ?? 'lost'] = (ends[state ?? 'lost'] ?? 0) + 1;
  const { checker, clients, clock, cluster, profile } = world;
  return {
    seed: profile.seed,
    hash: world.events.hash,
    violations: checker.violations,
    ends,
    accepted: clients.accepted,
    refused: clients.orders.length - clients.accepted,
    unknownsTold: checker.unknownsTold,
    attempts: [...checker.trades.values()].reduce((sum, trade) => sum + trade.attempts.size, 0),
    crashes: world.crashes,
    stops: world.stops,
    damaged: checker.damagedRecords,
    forksLost: cluster.forksLost,
    virtualMs: Math.round(clock.exactMs - SIM_START_MS),
    events,
    story: world.events.lines,
  };
}

/** Lets every promise that can go on do so. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
