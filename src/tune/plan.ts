/** Which points are measured, and in which order. */
import { createHash } from 'node:crypto';
import type { SigningMode } from '../threads/adaptive-builder.js';
import type { ProcessSettings, TunePoint } from './types.js';

export interface TuneAxes {
  readonly concurrency: readonly number[];
  readonly workers: readonly number[];
  readonly rpcPoolSizes: readonly number[];
  readonly signing: readonly SigningMode[];
  readonly rates: readonly number[];
}

export interface TunePlan {
  readonly axes: TuneAxes;
  readonly repeats: number;
  /** Trades before the first point of each process: they compile its code, and every process has had as many. */
  readonly firstTrades: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Every combination instead of two stages. */
  readonly full: boolean;
  /** Decides the order of the points. */
  readonly seed: string;
}

/** A process and the points that are measured on it, in their order. */
export interface TuneLeg {
  readonly settings: ProcessSettings;
  readonly runs: readonly { readonly point: TunePoint; readonly repeat: number }[];
}

/** First stage: how many trades at once and how many connections, signing as it comes; with `full`, everything. */
export function firstStage(plan: TunePlan): TuneLeg[] {
  const { axes, full } = plan;
  const signing = full ? axes.signing : axes.signing.slice(0, 1);
  const workers = full ? axes.workers : axes.workers.slice(0, 1);
  return cross(workers, axes.rpcPoolSizes, signing).map((settings) =>
    legOf(plan, 1, settings, axes.concurrency),
  );
}

/**
 * Second stage: workers and signing, at what the first stage chose. Empty where the first had them all. The first
 * stage's own setting is measured again: beside the others, in a process that has lived as long as theirs.
 */
export function secondStage(plan: TunePlan, chosen: { concurrency: number; rpcPoolSize: number }): TuneLeg[] {
  if (plan.full) return [];
  const { axes } = plan;
  if (axes.workers.length * axes.signing.length === 1) return [];
  return cross(axes.workers, [chosen.rpcPoolSize], axes.signing).map((settings) =>
    legOf(plan, 2, settings, [chosen.concurrency]),
  );
}

/** Names a run for the state file. */
export function runKey(point: TunePoint, repeat: number): string {
  const { stage, concurrency, workers, rpcPoolSize, signing, rate } = point;
  return `s${stage} c${concurrency} w${workers} r${rpcPoolSize} ${signing} ${rate}/s #${repeat}`;
}

/** The same plan for the same build has the same name; a state file of another is of no use. */
export function planName(plan: TunePlan, build: string): string {
  return createHash('sha256')
    .update(JSON.stringify([plan, build]))
    .digest('hex')
    .slice(0, 16);
}

function cross(
  workers: readonly number[],
  rpcPoolSizes: readonly number[],
  signing: readonly SigningMode[],
): ProcessSettings[] {
  return rpcPoolSizes.flatMap((rpcPoolSize) =>
    workers.flatMap((count) => signing.map((mode) => ({ workers: count, rpcPoolSize, signing: mode }))),
  );
}

/** Each repeat goes through the points in an order of its own: what drifts in time falls on all alike. */
function legOf(
  plan: TunePlan,
  stage: TunePoint['stage'],
  settings: ProcessSettings,
  concurrency: readonly number[],
): TuneLeg {
  const points = concurrency.flatMap((limit) =>
    plan.axes.rates.map((rate): TunePoint => ({ ...settings, stage, concurrency: limit, rate })),
  );
  const runs = Array.from({ length: plan.repeats }, (_, repeat) =>
    shuffled(points, `${plan.seed} ${JSON.stringify(settings)} ${repeat}`).map((point) => ({
      point,
      repeat,
    })),
  );
  return { settings, runs: runs.flat() };
}

function shuffled<T>(items: readonly T[], seed: string): T[] {
  const rank = (index: number) => createHash('sha256').update(`${seed} ${index}`).digest('hex');
  return items
    .map((item, index) => ({ item, rank: rank(index) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ item }) => item);
}
