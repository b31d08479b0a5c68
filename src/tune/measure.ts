/** One repeat of one point on a running executor: warm-up, load, and what came of it. */

import type { ControlClient } from '../cli/control-client.js';
import { quantilesOf } from '../metrics/histograms.js';
import { type LoadOutcome, type LoadPool, offerLoad } from './load.js';
import type { TunePoint, TuneQuantiles, TuneSample } from './types.js';

/** Trades that one listing of the control plane has, less some for those of the warm-up. */
export const MAX_TRADES_A_RUN = 900;
const LISTED = 1_000;
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
  const { status } = await client.ask('PUT', '/api/config/max-concurrent-trades', {
    value: point.concurrency,
  });
  if (status !== 200) throw new Error(`the limit could not be set: HTTP ${status}`);
  const load = { url: client.url, token, pools, rate: point.rate };
  await offerLoad({ ...load, durationMs: warmUpMs, name: `${name}-warm` });
  const outcome = await offerLoad({ ...load, durationMs: measureMs, name });
  const { trades } = (await client.get(`/api/trades?limit=${LISTED}`)) as { trades: ListedTrade[] };
  await drain(client);
  const wanted = new Set(outcome.ids);
  return sampleOf(
    point,
    repeat,
    outcome,
    trades.filter((trade) => wanted.has(trade.id)),
  );
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
