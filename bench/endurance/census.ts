/** What became of every intent that was offered: each one is asked for, none is taken on trust. */

import type { OfferedIntent } from '../support/intent-load.js';
import { RawPool, rawRequest } from '../support/raw-http.js';

const CONNECTIONS = 8;
const AT_ONCE = 64;
const POLL_MS = 500;
const LEAST_EVENTS = 10;
const EDGE_SHARE = 0.1;

/** States in which a trade still moves. */
const OPEN = new Set(['accepted', 'queued', 'signed', 'sent', 'processed', 'unknown']);
const LANDED = new Set(['confirmed', 'finalized']);

export interface Census {
  readonly offered: number;
  readonly landed: number;
  /** Confirmed a second, by the middle four fifths of all landings: neither the start nor the queue's end counts. */
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
  const connections = await RawPool.open(port, CONNECTIONS);
  const deadlineMs = performance.now() + settleMs;
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
      if (open.size > 0) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
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
    landedPerSecond: steadyRate(landedAtMs),
    others: Object.fromEntries(others),
    unaccounted,
  };
}

function landedAt({ timesUs: { receivedAtMs, confirmedUs = 0 } }: Known): number {
  return receivedAtMs + confirmedUs / 1_000;
}

/**
 * Events a second over the middle four fifths of them. Offered for a short time, a queue takes more than can land; what
 * counts is how fast it empties.
 * @param atMs when each was; 0 is answered for fewer than ten
 */
export function steadyRate(atMs: readonly number[]): number {
  if (atMs.length < LEAST_EVENTS) return 0;
  const inOrder = atMs.toSorted((a, b) => a - b);
  const first = Math.floor(inOrder.length * EDGE_SHARE);
  const last = inOrder.length - 1 - first;
  return ((last - first) / (inOrder[last]! - inOrder[first]!)) * 1_000;
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
