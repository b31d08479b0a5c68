/** What became of every intent that was offered: each one is asked for, none is taken on trust. */
import { setTimeout as delay } from 'node:timers/promises';
import { controlClientOf } from '../support/arena.js';
import type { OfferedIntent } from '../support/intent-load.js';
import { RawPool, rawRequest } from '../support/raw-http.js';

const CONNECTIONS = 8;
const AT_ONCE = 64;
const POLL_MS = 500;
/** Of the time of the offer: by then landings come as fast as they will. */
const RAMP_SHARE = 0.2;

/** States in which a trade still moves. */
const OPEN = new Set(['accepted', 'queued', 'signed', 'sent', 'processed', 'unknown']);
const LANDED = new Set(['confirmed', 'finalized']);

export interface Census {
  readonly offered: number;
  readonly landed: number;
  /** Confirmed a second while intents were offered, without the first fifth of that time. */
  readonly landedPerSecond: number;
  /** Every other end, by state or by the code of the denial. */
  readonly others: { readonly [name: string]: number };
  /** Offered and not found in any of these. */
  readonly unaccounted: number;
}

export interface CensusOptions {
  readonly port: number;
  readonly headers: { readonly [name: string]: string };
  readonly offered: readonly OfferedIntent[];
  /** Trades that have no end by then are counted as `unsettled`. */
  readonly settleMs: number;
}

interface Known {
  readonly state: string;
  readonly timesUs: { readonly receivedAtMs: number; readonly confirmedUs?: number };
  readonly denial?: { readonly code: string };
}

export async function takeCensus({ port, headers, offered, settleMs }: CensusOptions): Promise<Census> {
  const others = new Map<string, number>();
  const count = (name: string) => others.set(name, (others.get(name) ?? 0) + 1);
  const open = new Set<string>();
  for (const { body, status } of offered) {
    if (body.id !== undefined) open.add(body.id);
    else count(body.code ?? `HTTP ${status}`);
  }
  const deadlineMs = performance.now() + settleMs;
  await queueEmpty({ port, headers }, deadlineMs);
  const connections = await RawPool.open(port, CONNECTIONS);
  const landedAtMs: number[] = [];
  try {
    while (open.size > 0) {
      const isLast = performance.now() > deadlineMs;
      for (const [id, trade] of await readAll(connections, [...open], headers)) {
        if (OPEN.has(trade.state) && !isLast) continue;
        open.delete(id);
        if (LANDED.has(trade.state)) landedAtMs.push(landedAt(trade));
        else count(OPEN.has(trade.state) ? `unsettled ${trade.state}` : (trade.denial?.code ?? trade.state));
      }
      if (open.size > 0) await delay(POLL_MS);
    }
  } finally {
    connections.close();
  }
  const named = [...others.values()].reduce((sum, one) => sum + one, 0);
  const landed = landedAtMs.length;
  const unaccounted = offered.length - landed - named;
  return {
    offered: offered.length,
    landed,
    landedPerSecond: rateWhileOffered(landedAtMs, offered),
    others: Object.fromEntries(others),
    unaccounted,
  };
}

/** Asking for thousands of trades would hold up those that still wait: while there are any, one question is asked. */
async function queueEmpty(
  target: Pick<CensusOptions, 'port' | 'headers'>,
  deadlineMs: number,
): Promise<void> {
  const client = controlClientOf(target);
  while (performance.now() < deadlineMs) {
    const { queue } = (await client.get('/api/status')) as { queue: { queued: number; running: number } };
    if (queue.queued + queue.running === 0) return;
    await delay(POLL_MS);
  }
}

function landedAt({ timesUs: { receivedAtMs, confirmedUs = 0 } }: Known): number {
  return receivedAtMs + confirmedUs / 1_000;
}

/**
 * Landings a second under the load itself. What a queue gives off after the last intent came is no measure of that.
 * @param landedAtMs epoch
 */
export function rateWhileOffered(
  landedAtMs: readonly number[],
  offered: readonly Pick<OfferedIntent, 'sentMs'>[],
): number {
  const firstMs = performance.timeOrigin + (offered.at(0)?.sentMs ?? 0);
  const lastMs = performance.timeOrigin + (offered.at(-1)?.sentMs ?? 0);
  const fromMs = firstMs + (lastMs - firstMs) * RAMP_SHARE;
  const landed = landedAtMs.filter((atMs) => atMs >= fromMs && atMs < lastMs).length;
  return landed === 0 ? 0 : (landed / (lastMs - fromMs)) * 1_000;
}

async function readAll(
  connections: RawPool,
  ids: readonly string[],
  headers: { readonly [name: string]: string },
): Promise<Map<string, Known>> {
  const known = new Map<string, Known>();
  for (let start = 0; start < ids.length; start += AT_ONCE) {
    const batch = ids.slice(start, start + AT_ONCE);
    const answers = await Promise.all(
      batch.map((id) => connections.ask(rawRequest(`/api/trades/${id}`, undefined, headers))),
    );
    for (const [index, { status, body }] of answers.entries()) {
      if (status !== 200) throw new Error(`trade ${batch[index]} is answered ${status}`);
      known.set(batch[index]!, JSON.parse(body.toString('utf8')) as Known);
    }
  }
  return known;
}
