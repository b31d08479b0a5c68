/**
 * End to end: one workload, one seed, two numbers. Intents go over HTTP to a running executor that trades on the
 * embedded cluster, without skips and forks, round-robin over 64 wallets and 64 pools at 100 a second. Intent to
 * wire is from the write of the intent to the arrival of the transaction's bytes at an HTTP server, which passes
 * them on to the cluster; intent to confirmed is the executor's own. Beside it, in turn, with the same intents and
 * wallets, the path that a user would write with web3.js and undici, and a bare loop that receives, signs and writes:
 * what they send goes to the cluster too, which so has the same to do in every round.
 */
import { base58 } from '@scure/base';
import { type BenchOptions, type BenchOutcome, median, verify } from './measure.js';
import { Arena } from './support/arena.js';
import { figure } from './support/figures.js';
import { type OfferedIntent, offerIntents } from './support/intent-load.js';
import { arrivalKeyOf } from './support/sink.js';

const RATE = 100;
const UPDATES_A_SECOND = 5_000;
/** A smoke run has so many times fewer updates beside it. */
const SMOKE_SHARE = 20;
const SEED = 'canonical';
/**
 * Before a round counts, answers of updates settle, and every contestant's code is compiled: p50 falls by a third over
 * the first 2,000 trades of an executor's life, and less for a smaller program.
 */
const WARM_COUNT = 2_000;
const LANDED = new Set(['confirmed', 'finalized']);
/** A machine that is short of processors makes the stream stale, and trades are denied (L5). Fewer prove nothing. */
const LEAST_LANDED = 0.5;

const CONDITIONS = [
  { suffix: '', updates: UPDATES_A_SECOND },
  { suffix: '_quiet', updates: 0 },
] as const;
const PEERS = ['web3js-path', 'bare-loop'] as const;
type Peer = (typeof PEERS)[number];

/** Samples of one condition over all rounds, and each round's medians for the ratios. */
class Samples {
  readonly wireUs: number[] = [];
  /** The same from when the intent was due (corrected for coordinated omission). */
  readonly wireCorrectedUs: number[] = [];
  readonly insideUs: number[] = [];
  readonly insideNoWaitUs: number[] = [];
  readonly confirmedMs: number[] = [];
  readonly slotDelta: number[] = [];
  /** Why, one for each. */
  readonly notLanded: string[] = [];
  readonly peers: { readonly [P in Peer]: number[] } = { 'web3js-path': [], 'bare-loop': [] };
  readonly medians: { ours: number; readonly peers: { [P in Peer]: number } }[] = [];

  ratio(of: (round: { ours: number; peers: { [P in Peer]: number } }) => number): number {
    return median(this.medians.map(of));
  }
}

export async function run({ smoke, runs, realtime }: BenchOptions): Promise<BenchOutcome> {
  const count = smoke ? 40 : 500;
  const arena = await Arena.open({ seed: SEED, peers: PEERS });
  const samples = { '': new Samples(), _quiet: new Samples() };
  const updatesBeside: number[] = [];
  try {
    if (realtime) arena.runFirst();
    if (!smoke) await warm(arena);
    for (let round = 0; round < runs; round += 1) {
      for (const { suffix, ...condition } of CONDITIONS) {
        const updates = smoke ? condition.updates / SMOKE_SHARE : condition.updates;
        await arena.setUpdates(updates);
        await oneRound(arena, samples[suffix], `r${round}${suffix}`, count, updates > 0);
        const reached = await arena.setUpdates(0);
        if (updates > 0) updatesBeside.push(reached);
      }
    }
  } finally {
    await arena.close();
  }
  const { ratios, results } = outcome(samples);
  const all = { ratios, results: [...results, figure('updates_beside', 'updates/s', updatesBeside)] };
  return realtime ? underAnotherName(all) : all;
}

/** So that the figures of a run at normal priority stay beside those at real-time priority. */
function underAnotherName({ ratios, results }: BenchOutcome): BenchOutcome {
  const rename = (name: string) => `${name}_realtime`;
  return {
    ratios: Object.fromEntries(Object.entries(ratios).map(([name, value]) => [rename(name), value])),
    results: results.map((one) => ({ ...one, name: rename(one.name) })),
  };
}

async function warm(arena: Arena): Promise<void> {
  await arena.setUpdates(UPDATES_A_SECOND);
  await oneRound(arena, new Samples(), 'warm', WARM_COUNT, true);
}

async function oneRound(
  arena: Arena,
  samples: Samples,
  name: string,
  count: number,
  beside: boolean,
): Promise<void> {
  arena.sink.forget();
  const ours = await executorRound(arena, samples, name, count);
  const peers = { 'web3js-path': Number.NaN, 'bare-loop': Number.NaN };
  await arena.withoutExecutor(async () => {
    for (const peer of PEERS) {
      const us = await peerRound(arena, peer, name, count, beside);
      samples.peers[peer].push(...us);
      peers[peer] = median(us);
    }
  });
  samples.medians.push({ ours, peers });
}

async function executorRound(arena: Arena, samples: Samples, name: string, count: number): Promise<number> {
  const offered = await offerIntents({ ...arena.executorTarget, run: name, count, rate: RATE });
  const trades = await arena.settled(offered.flatMap(({ body }) => body.id ?? []));
  const wireUs: number[] = [];
  for (const one of offered) {
    const trade = trades.get(one.body.id ?? '');
    if (trade === undefined || !LANDED.has(trade.state)) {
      samples.notLanded.push(trade?.denial?.code ?? trade?.state ?? one.body.code ?? `HTTP ${one.status}`);
      continue;
    }
    const { sentUs = Number.NaN, lockedUs = 0, queuedUs = 0, confirmedUs = Number.NaN } = trade.timesUs;
    samples.insideUs.push(sentUs);
    samples.insideNoWaitUs.push(sentUs - (lockedUs - queuedUs));
    samples.confirmedMs.push(confirmedUs / 1000);
    samples.slotDelta.push(trade.outcome?.slotDelta ?? Number.NaN);
    const signature = trade.attempts[0]?.signature ?? '';
    const us = arrivedAfterUs(arena, one, arrivalKeyOf(base58.decode(signature)));
    wireUs.push(us);
    // Timers keep whole milliseconds: most intents are written up to one before they are due.
    samples.wireCorrectedUs.push(us + Math.max(0, one.sentMs - one.dueMs) * 1000);
  }
  samples.wireUs.push(...wireUs);
  if (wireUs.length < count * LEAST_LANDED) {
    throw new Error(`${wireUs.length} of ${count} landed; the others: ${[...new Set(samples.notLanded)]}`);
  }
  return median(wireUs);
}

async function peerRound(
  arena: Arena,
  peer: Peer,
  name: string,
  count: number,
  beside: boolean,
): Promise<number[]> {
  await arena.follow(peer, beside);
  await arena.renewBlockhash(peer);
  const offered = await offerIntents({
    ...arena.peerTarget(peer),
    run: `${name}-${peer}`,
    count,
    rate: RATE,
  });
  await arena.follow(peer, false);
  const { refused } = arena.sink;
  verify(`canonical: the cluster took what ${peer} sent: ${refused[0]}`, refused.length === 0);
  return offered.map((one) => arrivedAfterUs(arena, one, one.body.key ?? ''));
}

function arrivedAfterUs(arena: Arena, { sentMs, clientOrderId }: OfferedIntent, key: string): number {
  const arrivedMs = arena.sink.arrivalOf(key);
  verify(`canonical: the bytes of ${clientOrderId} arrived`, arrivedMs !== undefined);
  return ((arrivedMs ?? 0) - sentMs) * 1000;
}

function outcome(samples: { readonly '': Samples; readonly _quiet: Samples }): BenchOutcome {
  const ratios: { [name: string]: number } = {};
  const results = CONDITIONS.flatMap(({ suffix }) => {
    const one = samples[suffix];
    ratios[`intent_to_wire_vs_web3js_path${suffix}`] = one.ratio((r) => r.peers['web3js-path'] / r.ours);
    ratios[`intent_to_wire_vs_bare_loop${suffix}`] = one.ratio((r) => r.ours / r.peers['bare-loop']);
    return [
      figure(`intent_to_wire${suffix}`, 'us', one.wireUs),
      figure(`intent_to_wire_corrected${suffix}`, 'us', one.wireCorrectedUs),
      figure(`intent_to_wire_inside${suffix}`, 'us', one.insideUs),
      figure(`intent_to_wire_inside_no_wait${suffix}`, 'us', one.insideNoWaitUs),
      figure(`intent_to_confirmed${suffix}`, 'ms', one.confirmedMs),
      figure(`slot_delta${suffix}`, 'slots', one.slotDelta),
      figure(`intents_not_landed${suffix}`, 'of all', [one.notLanded.length]),
      figure(`web3js_path_to_wire${suffix}`, 'us', one.peers['web3js-path']),
      figure(`bare_loop_to_wire${suffix}`, 'us', one.peers['bare-loop']),
    ];
  });
  return { ratios, results };
}
