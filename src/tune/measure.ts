/** One repeat of one point on a running executor: warm-up, load, and what came of it. */

import type { ControlClient } from '../cli/control-client.js';
import { quantilesOf } from '../metrics/histograms.js';
import { type LoadOutcome, type LoadPool, offerLoad } from './load.js';
import type { TunePoint, TuneQuantiles, TuneSample } from './types.js';

/** Trades of a point, its warm-up included: all are looked for in the listing. */
export const MAX_TRADES_A_RUN = 20_000;
/** Trades of one page of the listing. */
const LISTED = 1_000;
/** What has just been started is offered its first trades at this rate, far below what would overload it. */
const FIRST_RATE = 200;
/** Longest wait until what is out has landed; what is left runs on into the next point, which warms up anyway. */
const DRAIN_MS = 8_000;
const POLL_MS = 50;

export interface MeasureOptions {
  readonly client: ControlClient;
  readonly token: string | undefined;
  readonly pools: readonly LoadPool[];
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Unique over all runs. */
  readonly name: string;
}

interface ListedTrade {
  readonly id: string;
  readonly timesUs: {
    readonly receivedAtMs: number;
    readonly queuedUs?: number;
    readonly lockedUs?: number;
    readonly sentUs?: number;
  };
}

export async function measurePoint(
  options: MeasureOptions,
  point: TunePoint,
  repeat: number,
): Promise<TuneSample> {
  const { client, token, pools, warmUpMs, measureMs, name } = options;
  await setLimit(client, point.concurrency);
  const load = { url: client.url, token, pools, rate: point.rate };
  await offerLoad({ ...load, durationMs: warmUpMs, name: `${name}-warm` });
  // Under a limit that chokes, what is left of the warm-up would go first, and its sends be nobody's.
  await drain(client);
  const outcome = await offerLoad({ ...load, durationMs: measureMs, name });
  const trades = await tradesOf(client, outcome.ids);
  await drain(client);
  return sampleOf(point, repeat, outcome, trades);
}

/** What an executor is offered before its first point, none of it measured. */
export async function offerFirst(
  { client, token, pools, name }: Pick<MeasureOptions, 'client' | 'token' | 'pools' | 'name'>,
  limit: number,
  trades: number,
): Promise<void> {
  if (trades === 0) return;
  await setLimit(client, limit);
  const durationMs = (trades * 1000) / FIRST_RATE;
  await offerLoad({ url: client.url, token, pools, rate: FIRST_RATE, durationMs, name });
  await drain(client);
}

async function setLimit(client: ControlClient, value: number): Promise<void> {
  const { status } = await client.ask('PUT', '/api/config/max-concurrent-trades', { value });
  if (status !== 200) throw new Error(`the limit could not be set: HTTP ${status}`);
}

/** Page after page, the newest first, until all are there. @throws Error where one is in no page */
async function tradesOf(client: ControlClient, ids: readonly string[]): Promise<readonly ListedTrade[]> {
  const wanted = new Set(ids);
  const found: ListedTrade[] = [];
  let before = '';
  while (found.length < wanted.size) {
    const page = (await client.get(`/api/trades?limit=${LISTED}${before}`)) as {
      trades: ListedTrade[];
      next?: string;
    };
    found.push(...page.trades.filter(({ id }) => wanted.has(id)));
    if (page.next === undefined) break;
    before = `&before=${page.next}`;
  }
  if (found.length < wanted.size)
    throw new Error(`${wanted.size - found.length} of ${wanted.size} trades are in no listing`);
  return found;
}

/** What the figures of a run are, from its trades as they stood at its end. */
export function sampleOf(
  point: TunePoint,
  repeat: number,
  outcome: LoadOutcome,
  trades: readonly ListedTrade[],
): TuneSample {
  const wire: number[] = [];
  const noWait: number[] = [];
  let sent = 0;
  for (const { timesUs } of trades) {
    const { receivedAtMs, sentUs, lockedUs = 0, queuedUs = 0 } = timesUs;
    const inTime = sentUs !== undefined && receivedAtMs + sentUs / 1000 <= outcome.endedAtMs;
    if (inTime) {
      sent += 1;
      noWait.push(sentUs - (lockedUs - queuedUs));
    }
    // Left out, those that wait longest would make a limit that chokes look fast.
    wire.push(inTime ? sentUs : Math.max(0, (outcome.endedAtMs - receivedAtMs) * 1000));
  }
  return {
    point,
    repeat,
    offered: outcome.offered,
    accepted: outcome.ids.length,
    denied: outcome.denied,
    throughput: (sent * 1000) / (outcome.endedAtMs - outcome.startedAtMs),
    intentToWireUs: quantilesAt(wire),
    intentToWireNoWaitUs: quantilesAt(noWait),
    submitUs: {
      uncorrected: quantilesOf(outcome.uncorrected, 1000),
      corrected: quantilesOf(outcome.corrected, 1000),
    },
  };
}

async function drain(client: ControlClient): Promise<void> {
  await client.post('/api/queue/clear', {});
  const endMs = performance.now() + DRAIN_MS;
  while (performance.now() < endMs) {
    const { queued, running } = (await client.get('/api/queue/status')) as {
      queued: number;
      running: number;
    };
    if (queued === 0 && running === 0) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function quantilesAt(values: number[]): TuneQuantiles {
  const sorted = values.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
