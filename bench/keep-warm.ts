/**
 * What keeping the hot path warm is worth: intent to wire at 20 trades a second, with KEEP_WARM_MS at its default and
 * at 0, on executors that take turns. At such a rate what a trade runs was last run 50 ms ago.
 */
import { base58 } from '@scure/base';
import { request } from 'undici';
import { type BenchOptions, type BenchOutcome, median, verify } from './measure.js';
import { Arena } from './support/arena.js';
import { figure } from './support/figures.js';
import { offerIntents } from './support/intent-load.js';
import { arrivalKeyOf } from './support/sink.js';

const RATE = 20;
const UPDATES_A_SECOND = 1_000;
const SEED = 'keep-warm';
const PERIODS_MS = { warm: '5', cold: '0' } as const;
type Way = keyof typeof PERIODS_MS;
const WAYS: readonly Way[] = ['warm', 'cold'];
/**
 * Trades before a round, at another rate: connections settle, and the code is compiled. An executor that is kept warm
 * would have it compiled by that alone, which is not the gain that is asked for.
 */
const WARM_COUNT = 2_000;
const WARM_RATE = 200;
const SMOKE_WARM_COUNT = 100;
/** A machine that is short of processors denies some; with fewer left, the round says nothing. */
const LEAST_SENT = 0.5;

interface Round {
  readonly wireUs: readonly number[];
  readonly insideUs: readonly number[];
  readonly cpuShare: number;
  readonly runUs: number;
}

export async function run({ smoke, runs }: BenchOptions): Promise<BenchOutcome> {
  const count = smoke ? 20 : 300;
  const rounds: { readonly [W in Way]: Round[] } = { warm: [], cold: [] };
  for (let round = 0; round < runs; round += 1) {
    // Each goes first in turn.
    for (const way of round % 2 === 0 ? WAYS : WAYS.toReversed())
      rounds[way].push(await oneRound(way, count, smoke ? SMOKE_WARM_COUNT : WARM_COUNT));
  }
  const gain = rounds.warm.map(
    ({ wireUs }, round) => median(rounds.cold[round]?.wireUs ?? []) / median(wireUs),
  );
  const all = (way: Way, of: (round: Round) => readonly number[]) => rounds[way].flatMap(of);
  return {
    ratios: { keep_warm_gain_at_20: median(gain) },
    results: [
      figure(
        'intent_to_wire_warm_at_20',
        'us',
        all('warm', (one) => one.wireUs),
      ),
      figure(
        'intent_to_wire_cold_at_20',
        'us',
        all('cold', (one) => one.wireUs),
      ),
      figure(
        'intent_to_wire_inside_warm_at_20',
        'us',
        all('warm', (one) => one.insideUs),
      ),
      figure(
        'intent_to_wire_inside_cold_at_20',
        'us',
        all('cold', (one) => one.insideUs),
      ),
      figure(
        'keep_warm_cpu_share',
        'of one',
        all('warm', (one) => [one.cpuShare]),
      ),
      figure(
        'keep_warm_run',
        'us',
        all('warm', (one) => [one.runUs]),
      ),
    ],
  };
}

async function oneRound(way: Way, count: number, warmCount: number): Promise<Round> {
  const arena = await Arena.open({ seed: SEED, peers: [], settings: { KEEP_WARM_MS: PERIODS_MS[way] } });
  try {
    await arena.setUpdates(UPDATES_A_SECOND);
    await offerIntents({ ...arena.executorTarget, run: 'first', count: warmCount, rate: WARM_RATE });
    const offered = await offerIntents({ ...arena.executorTarget, run: 'round', count, rate: RATE });
    const trades = await arena.settled(offered.flatMap(({ body }) => body.id ?? []));
    const sent = offered.flatMap((one) => {
      const trade = trades.get(one.body.id ?? '');
      const { sentUs, lockedUs = 0, queuedUs = 0 } = trade?.timesUs ?? {};
      const signature = trade?.attempts[0]?.signature;
      if (sentUs === undefined || signature === undefined) return [];
      const arrivedMs = arena.sink.arrivalOf(arrivalKeyOf(base58.decode(signature)));
      verify('keep-warm: the bytes arrived', arrivedMs !== undefined);
      return [{ wireUs: ((arrivedMs ?? 0) - one.sentMs) * 1000, insideUs: sentUs - (lockedUs - queuedUs) }];
    });
    if (sent.length < count * LEAST_SENT) throw new Error(`only ${sent.length} of ${count} were sent`);
    const { cpuShare, runUs, runs } = await keepWarmStats(arena);
    verify('keep-warm: it runs where it should', way === 'warm' ? runs > 0 : runs === 0);
    return {
      wireUs: sent.map((one) => one.wireUs),
      insideUs: sent.map((one) => one.insideUs),
      cpuShare,
      runUs,
    };
  } finally {
    await arena.close();
  }
}

async function keepWarmStats(arena: Arena): Promise<{ cpuShare: number; runUs: number; runs: number }> {
  const { port, headers } = arena.executorTarget;
  const response = await request(`http://127.0.0.1:${port}/api/latency`, { headers });
  const { keepWarm } = (await response.body.json()) as {
    keepWarm?: { cpuShare: number; runUs: number; runs: number };
  };
  return keepWarm ?? { cpuShare: 0, runUs: 0, runs: 0 };
}
