/**
 * Timing for the benchmarks of stages: tinybench takes the samples, each a short batch; here the contestants alternate
 * round by round, and ratios are made of each round's medians.
 */
import { Bench } from 'tinybench';

export interface BenchResult {
  readonly name: string;
  readonly unit: string;
  readonly p50: number;
  readonly p99: number;
  readonly n: number;
}

export interface BenchOutcome {
  readonly ratios: Record<string, number>;
  readonly results: BenchResult[];
}

export interface BenchOptions {
  /** Just enough to see that it computes what it says. */
  readonly smoke: boolean;
  /** Alternating rounds; ratios are medians over them. */
  readonly runs: number;
  /** Of the end-to-end run: its main threads before everything of normal priority. */
  readonly realtime: boolean;
}

export interface Contestant {
  readonly name: string;
  /** Calls a sample; the sample's time is divided by it. */
  readonly batch: number;
  /** Samples a round. */
  readonly samples: number;
  /** What is measured; one that answers a promise is awaited, and has batches of one. */
  readonly call: () => unknown;
  /** Before each round, and not measured. */
  readonly prepare?: () => Promise<void> | void;
  /** After each round, and not measured. */
  readonly finish?: () => Promise<void> | void;
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** µs a call of each contestant: `rounds[name][round]` holds that round's samples. */
export async function alternate(
  contestants: readonly Contestant[],
  runs: number,
): Promise<Map<string, number[][]>> {
  const rounds = new Map<string, number[][]>(contestants.map(({ name }) => [name, []]));
  // One round unmeasured, so that nobody is charged for cold code.
  for (let round = -1; round < runs; round++) {
    for (const contestant of contestants) {
      const samples = await sample(contestant);
      if (round >= 0) rounds.get(contestant.name)!.push(samples);
    }
  }
  return rounds;
}

async function sample({ name, batch, samples, call, prepare, finish }: Contestant): Promise<number[]> {
  const bench = new Bench({ iterations: samples, time: 0, warmup: false, retainSamples: true, throws: true });
  const batched = () => {
    for (let k = 0; k < batch; k++) call();
  };
  await prepare?.();
  try {
    // To see whether it answers a promise, it is called once.
    bench.add(name, batch === 1 ? call : batched);
    const [task] = await bench.run();
    const result = task?.result;
    const figures = result?.state === 'completed' ? result.latency.samples : undefined;
    if (figures === undefined) throw new Error(`${name} was not measured`);
    return figures.map((ms) => (ms * 1000) / batch);
  } finally {
    await finish?.();
  }
}

/** Median over the rounds of the ratio of the two medians. */
export function ratioOf(rounds: Map<string, number[][]>, above: string, below: string): number {
  const belowRounds = rounds.get(below)!;
  return median(rounds.get(above)!.map((samples, round) => median(samples) / median(belowRounds[round]!)));
}

export function resultsOf(rounds: Map<string, number[][]>, unit = 'us'): BenchResult[] {
  return [...rounds].map(([name, samples]) => {
    const all = samples.flat();
    return { name, unit, p50: median(all), p99: quantile(all, 0.99), n: all.length };
  });
}

/** The benchmark computed something else than it says: its figures would be worthless. */
export function verify(name: string, same: boolean): void {
  if (!same) throw new Error(`${name}: the contestants do not compute the same`);
}
