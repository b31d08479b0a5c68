/**
 * An open-loop load: trades leave at their times whatever the answers. What a client would have felt is measured
 * from the time at which a trade was due; from the moment of its write, a generator that was held up hides it.
 */
import { Pool } from 'undici';
import { type Histogram, nanosecondHistogram, recordUs } from '../metrics/histograms.js';

const CONNECTIONS = 16;
/** Share of a pool's reserve that a trade spends, one in: prices hardly move. */
const RESERVE_SHARE = 1_000_000n;
const TIMEOUT_MS = 10_000;

export interface LoadPool {
  readonly pool: string;
  readonly mint0: string;
  readonly mint1: string;
  readonly reserve0: string;
  readonly reserve1: string;
}

export interface LoadOptions {
  readonly url: string;
  readonly token: string | undefined;
  readonly pools: readonly LoadPool[];
  /** Trades a second. */
  readonly rate: number;
  readonly durationMs: number;
  /** Begins the client order ids; unique a run. */
  readonly name: string;
}

export interface LoadOutcome {
  readonly offered: number;
  /** Ids of the trades that were taken. */
  readonly ids: readonly string[];
  readonly denied: { readonly [code: string]: number };
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly uncorrected: Histogram;
  readonly corrected: Histogram;
}

/** Resolves when the time is over and every answer is there. @throws Error where nothing answers */
export async function offerLoad(options: LoadOptions): Promise<LoadOutcome> {
  const { rate, durationMs } = options;
  const count = Math.max(1, Math.floor((rate * durationMs) / 1000));
  const client = new Pool(options.url, { connections: CONNECTIONS, bodyTimeout: TIMEOUT_MS });
  const ids: string[] = [];
  const denied: { [code: string]: number } = {};
  const uncorrected = nanosecondHistogram();
  const corrected = nanosecondHistogram();
  const startedAtMs = Date.now();
  const originMs = performance.now();
  const answers: Promise<void>[] = [];
  try {
    for (let number = 0; number < count; number++) {
      const dueMs = originMs + (number * 1000) / rate;
      await until(dueMs);
      const sentMs = performance.now();
      const answered = submit(client, options, number).then(({ status, body }) => {
        const doneMs = performance.now();
        recordUs(uncorrected, (doneMs - sentMs) * 1000);
        // Timers keep whole milliseconds: most are written up to one before they are due.
        recordUs(corrected, (doneMs - Math.min(sentMs, dueMs)) * 1000);
        if (status === 202 && body.id !== undefined) ids.push(body.id);
        else denied[body.code ?? `HTTP ${status}`] = (denied[body.code ?? `HTTP ${status}`] ?? 0) + 1;
      });
      // All are awaited at the end, where it is told; until then it must not count as unhandled and end the process.
      answered.catch(() => undefined);
      answers.push(answered);
    }
    await until(originMs + durationMs);
    const endedAtMs = Date.now();
    await Promise.all(answers);
    return { offered: count, ids, denied, startedAtMs, endedAtMs, uncorrected, corrected };
  } finally {
    await client.destroy();
  }
}

async function submit(client: Pool, options: LoadOptions, number: number) {
  const response = await client.request({
    method: 'POST',
    path: '/api/trades',
    headers: {
      'content-type': 'application/json',
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
    },
    body: JSON.stringify(intentOf(options, number)),
  });
  const body = (await response.body.json()) as { id?: string; code?: string };
  return { status: response.statusCode, body };
}

/** Pool after pool, to and fro. */
function intentOf({ pools, name }: LoadOptions, number: number): object {
  const pool = pools[number % pools.length];
  if (pool === undefined) throw new Error('the executor has no pools');
  const zeroForOne = Math.floor(number / pools.length) % 2 === 0;
  const amount = BigInt(zeroForOne ? pool.reserve0 : pool.reserve1) / RESERVE_SHARE + BigInt(number + 1);
  return {
    clientOrderId: `${name}-${number}`,
    inputMint: zeroForOne ? pool.mint0 : pool.mint1,
    outputMint: zeroForOne ? pool.mint1 : pool.mint0,
    amount: String(amount),
    mode: 'exactIn',
    pool: pool.pool,
  };
}

async function until(atMs: number): Promise<void> {
  const waitMs = atMs - performance.now();
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
}
