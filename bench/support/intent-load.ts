/** Intents at a set pace whatever the answers (an open loop), each with the moment at which it was written. */
import { RawPool, rawRequest } from './raw-http.js';

const CONNECTIONS = 4;

export interface PoolFacts {
  readonly pool: string;
  readonly mint0: string;
  readonly mint1: string;
  readonly reserve0: string;
  readonly reserve1: string;
}

/** Share of a pool's reserve that an intent spends, one in: prices hardly move. */
const RESERVE_SHARE = 1_000_000n;

export interface IntentPlan {
  readonly pools: readonly PoolFacts[];
  readonly wallets: readonly string[];
}

/** The `number`-th intent of a plan: wallet after wallet, pool after pool, to and fro. */
export function intentOf({ pools, wallets }: IntentPlan, run: string, number: number) {
  const pool = pools[number % pools.length]!;
  const zeroForOne = Math.floor(number / pools.length) % 2 === 0;
  const amount = BigInt(zeroForOne ? pool.reserve0 : pool.reserve1) / RESERVE_SHARE + BigInt(number);
  return {
    clientOrderId: `${run}-${number}`,
    inputMint: zeroForOne ? pool.mint0 : pool.mint1,
    outputMint: zeroForOne ? pool.mint1 : pool.mint0,
    amount: String(amount),
    mode: 'exactIn',
    pool: pool.pool,
    wallet: wallets[number % wallets.length]!,
  };
}

export interface OfferedIntent {
  readonly clientOrderId: string;
  /** When it should have been written: a generator that was held up hides the wait from then on. */
  readonly dueMs: number;
  readonly sentMs: number;
  readonly status: number;
  readonly body: { readonly id?: string; readonly key?: string; readonly code?: string };
}

export interface OfferOptions {
  readonly port: number;
  readonly headers: { readonly [name: string]: string };
  readonly plan: IntentPlan;
  readonly run: string;
  readonly count: number;
  readonly rate: number;
}

/** Resolves when every intent was answered. */
export async function offerIntents(options: OfferOptions): Promise<OfferedIntent[]> {
  const { port, headers, plan, run, count, rate } = options;
  const connections = await RawPool.open(port, CONNECTIONS);
  const requests = Array.from({ length: count }, (_, number) => {
    const intent = intentOf(plan, run, number);
    const bytes = rawRequest('/api/trades', JSON.stringify(intent), headers);
    return { clientOrderId: intent.clientOrderId, bytes };
  });
  const startedMs = performance.now();
  const answers: Promise<OfferedIntent>[] = [];
  for (const [number, { clientOrderId, bytes }] of requests.entries()) {
    const dueMs = startedMs + (number * 1000) / rate;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const sentMs = performance.now();
    const answered = connections.ask(bytes);
    answers.push(
      answered.then(({ status, body }) => ({
        clientOrderId,
        dueMs,
        sentMs,
        status,
        body: JSON.parse(body.toString('utf8')) as OfferedIntent['body'],
      })),
    );
  }
  const offered = await Promise.all(answers);
  connections.close();
  return offered;
}
