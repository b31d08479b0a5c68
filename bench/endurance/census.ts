/** What became of every intent that was offered: each one is asked for, none is taken on trust. */

import type { OfferedIntent } from '../support/intent-load.js';
import { RawPool, rawRequest } from '../support/raw-http.js';

const CONNECTIONS = 8;
const AT_ONCE = 64;
const POLL_MS = 500;

/** States in which a trade still moves. */
const OPEN = new Set(['accepted', 'queued', 'signed', 'sent', 'processed', 'unknown']);
const LANDED = new Set(['confirmed', 'finalized']);

export interface Census {
  readonly offered: number;
  readonly landed: number;
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
  let landed = 0;
  try {
    while (open.size > 0) {
      const isLast = performance.now() > deadlineMs;
      for (const [id, trade] of await readAll(connections, [...open], headers)) {
        if (OPEN.has(trade.state) && !isLast) continue;
        open.delete(id);
        if (LANDED.has(trade.state)) landed += 1;
        else count(OPEN.has(trade.state) ? `unsettled ${trade.state}` : (trade.denial?.code ?? trade.state));
      }
      if (open.size > 0) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  } finally {
    connections.close();
  }
  const named = [...others.values()].reduce((sum, one) => sum + one, 0);
  const unaccounted = offered.length - landed - named;
  return { offered: offered.length, landed, others: Object.fromEntries(others), unaccounted };
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
