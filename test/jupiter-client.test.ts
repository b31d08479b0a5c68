/** Jupiter's client against the embedded cluster's API: agreement, and every way in which an outside service fails. */
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Cluster, startCluster } from '../localnet/cluster.js';
import { readPools } from '../src/cli/read-pools.js';
import { loadConfig } from '../src/config/config.js';
import { JUPITER_BREAKER, openJupiterClient } from '../src/executor/open-jupiter.js';
import { CACHE_AGE_MS } from '../src/jupiter/jupiter-client.js';
import { describeError } from '../src/logging/log.js';
import { Router } from '../src/market/router.js';
import { type Address, asAddress } from '../src/model/brands.js';
import { BreakerRegistry } from '../src/risk/breakers.js';
import { ChainReader } from '../src/send/chain-reader.js';
import { RpcClient } from '../src/send/rpc-client.js';
import { RpcPool } from '../src/send/rpc-pool.js';
import { systemClock } from '../src/time/clock.js';
import { ManualClock } from './support/manual-clock.js';

const SOL = asAddress('So11111111111111111111111111111111111111112');
const USDC = asAddress('EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v');
const KEY = 'a-secret-of-the-test-4711';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ manual: true, seed: 'jupiter client', jupiterApiKey: KEY });
  await cluster.engine.step(3);
});
afterAll(async () => {
  await cluster.close();
});
afterEach(() => {
  cluster.chaos.clear();
});

/** A client as the executor opens it. The manual clock drives limits and caches, cockatiel looks at `Date`. */
function open(settings: Record<string, string> = {}) {
  const clock = new ManualClock();
  const config = loadConfig({ JUPITER_API_KEY: KEY, JUPITER_REQUESTS_PER_SECOND: '1000', ...settings });
  const breakers = new BreakerRegistry({ clock });
  const endpoints = { jupiter: settings.JUPITER_URL ?? cluster.info.jupiterUrl };
  const client = openJupiterClient({ config, endpoints, breakers, clock });
  if (client === undefined) throw new Error('no client');
  onTestFinished(() => client.close());
  return { client, clock, breaker: breakers.get(JUPITER_BREAKER) };
}

const codeOf = async (asked: Promise<unknown>) =>
  asked.then(
    () => 'answered',
    (error: { code?: string }) => error.code ?? String(error),
  );

describe('quotes and prices', () => {
  it.each(['v2', 'v1'])('of %s are those of our own pools, to the unit', async (version) => {
    const { client, clock } = open({ JUPITER_API_VERSION: version });
    const rpc = new RpcClient({ url: cluster.info.rpcUrl, connections: 1, timeoutMs: 5_000 });
    onTestFinished(() => rpc.close());
    const pools = cluster.info.pools.map(({ address }) => asAddress(address));
    const book = await readPools(new ChainReader(new RpcPool([rpc], systemClock)), pools);
    const router = new Router(book, () => Date.now());
    for (const [inputMint, outputMint, amountIn] of [
      [SOL, USDC, 1_000_000_000n],
      [USDC, SOL, 999_999_999n],
    ] as const) {
      const ours = router.choose({ inputMint, outputMint, mode: 'exactIn', amount: amountIn }).quote;
      const quote = await client.quote({ inputMint, outputMint, amountIn, slippageBps: 100 });
      expect(quote).toMatchObject({ amountIn, amountOut: ours.amountOut, slippageBps: 100 });
      expect(quote.minOut).toBe((ours.amountOut * 9_900n + 9_999n) / 10_000n);
      expect(quote.receivedAtMs).toBe(clock.nowMs());
      expect(Math.ceil((quote.priceImpact ?? Number.NaN) * 10_000)).toBe(ours.priceImpactBps);
      expect(quote.legs).toHaveLength(1);
    }
  });

  it('have prices by mint, and none of what has none', async () => {
    const { client } = open();
    const nobody = asAddress('11111111111111111111111111111111');
    const prices = await client.prices([SOL, USDC, nobody]);
    expect([...prices.keys()]).toEqual([SOL, USDC]);
    expect(prices.get(SOL)).toMatchObject({ decimals: 9, slot: cluster.ledger.slot('processed') });
    expect(prices.get(USDC)).toMatchObject({ usdPrice: 1 });
  });

  it('say by code that there is no route, which is no failure of Jupiter', async () => {
    const { client, breaker } = open();
    const nobody = asAddress('11111111111111111111111111111111');
    for (let index = 1; index <= 8; index += 1) {
      const asked = client.quote({ inputMint: nobody, outputMint: SOL, amountIn: BigInt(index) });
      await expect(asked).rejects.toMatchObject({
        code: 'JUPITER_NO_ROUTE',
        context: { errorCode: 'TOKEN_NOT_TRADABLE' },
      });
    }
    expect(breaker.status()).toMatchObject({ state: 'closed', successes: 8, failures: 0 });
  });
});

describe('the breaker', () => {
  const faults = [
    ['faults', { jupiterErrorRate: 1 }, 'JUPITER_FAILED'],
    ['garbage', { jupiterGarbageRate: 1 }, 'JUPITER_FAILED'],
    ['429s', { jupiter429Rate: 1, jupiterRetryAfterSeconds: 0 }, 'JUPITER_RATE_LIMITED'],
    ['silence', { jupiterDelayMs: 1_500 }, 'JUPITER_TIMEOUT'],
  ] as const;
  it.each(faults)(
    'opens on %s, lets one through after 30 s, and closes when it is well',
    async (_, chaos, code) => {
      vi.useFakeTimers({ now: 1_700_000_000_000, toFake: ['Date'] });
      onTestFinished(() => void vi.useRealTimers());
      const { client, clock, breaker } = open({ JUPITER_TIMEOUT_MS: '500' });
      const pass = (ms: number) => {
        clock.advance(ms);
        vi.advanceTimersByTime(ms);
      };
      cluster.chaos.set(chaos);
      for (let index = 0; index < 3; index += 1) expect(await codeOf(client.prices([SOL]))).toBe(code);
      expect(breaker.state).toBe('open');
      expect(await codeOf(client.prices([SOL]))).toBe('BREAKER_OPEN');
      cluster.chaos.clear();
      pass(29_999);
      expect(await codeOf(client.prices([SOL]))).toBe('BREAKER_OPEN');
      pass(1);
      expect(await codeOf(client.prices([SOL]))).toBe('answered');
      expect(breaker.state).toBe('closed');
    },
  );

  it('opens on slowness though every answer came', async () => {
    const clock = systemClock;
    const breakers = new BreakerRegistry({ clock });
    const config = loadConfig({
      JUPITER_API_KEY: KEY,
      JUPITER_TIMEOUT_MS: '3000',
      JUPITER_REQUESTS_PER_SECOND: '1000',
    });
    const client = openJupiterClient({
      config,
      endpoints: { jupiter: cluster.info.jupiterUrl },
      breakers,
      clock,
    });
    onTestFinished(() => client?.close());
    cluster.chaos.set({ jupiterDelayMs: 1_510 });
    const asked = [1n, 2n, 3n].map((amountIn) =>
      client?.quote({ inputMint: SOL, outputMint: USDC, amountIn: amountIn * 1_000_000n }),
    );
    expect(await Promise.all(asked)).toHaveLength(3);
    expect(breakers.get(JUPITER_BREAKER).status()).toMatchObject({ state: 'open', slow: 3 });
  });

  it('is closed by hand, and then a 429 is forgotten too', async () => {
    const { client, breaker } = open();
    cluster.chaos.set({ jupiter429Rate: 1, jupiterRetryAfterSeconds: 60 });
    expect(await codeOf(client.prices([SOL]))).toBe('JUPITER_RATE_LIMITED');
    cluster.chaos.clear();
    breaker.open();
    expect(await codeOf(client.prices([SOL]))).toBe('BREAKER_OPEN');
    breaker.close();
    expect(await codeOf(client.prices([SOL]))).toBe('answered');
  });
});

describe('limits', () => {
  it('heed a Retry-After without asking, and say how long', async () => {
    const { client, clock, breaker } = open();
    cluster.chaos.set({ jupiter429Rate: 1, jupiterRetryAfterSeconds: 7 });
    expect(await codeOf(client.prices([SOL]))).toBe('JUPITER_RATE_LIMITED');
    cluster.chaos.clear();
    clock.advance(6_999);
    await expect(client.prices([SOL])).rejects.toMatchObject({
      code: 'JUPITER_RATE_LIMITED',
      context: { retryAfterMs: 1 },
    });
    expect(breaker.status().failures).toBe(1);
    clock.advance(1);
    expect(await codeOf(client.prices([SOL]))).toBe('answered');
  });

  it('spread questions over time, and refuse what would wait longer than an answer may', async () => {
    const { client, clock, breaker } = open({ JUPITER_REQUESTS_PER_SECOND: '2', JUPITER_TIMEOUT_MS: '1000' });
    const ask = (amountIn: bigint) => codeOf(client.quote({ inputMint: SOL, outputMint: USDC, amountIn }));
    // Two at once, two more within the second that an answer may take, and the fifth is too late.
    const asked = [1, 2, 3, 4, 5].map((index) => ask(BigInt(index) * 1_000_000n));
    expect(await asked[4]).toBe('JUPITER_RATE_LIMITED');
    expect(await Promise.all(asked.slice(0, 2))).toEqual(['answered', 'answered']);
    expect(breaker.status().successes).toBe(2);
    clock.advance(500);
    expect(await asked[2]).toBe('answered');
    expect(breaker.status().successes).toBe(3);
    clock.advance(500);
    expect(await asked[3]).toBe('answered');
  });

  it('ask the same thing once: while it is on its way, and for a second after', async () => {
    const { client, clock, breaker } = open();
    const question = { inputMint: SOL, outputMint: USDC, amountIn: 1_000_000_000n };
    await Promise.all([client.quote(question), client.quote(question), client.quote(question)]);
    clock.advance(CACHE_AGE_MS);
    await client.quote(question);
    expect(breaker.status().successes).toBe(1);
    clock.advance(1);
    await client.quote(question);
    expect(breaker.status().successes).toBe(2);
  });
});

describe('the key', () => {
  it('is in no error, whatever fails', async () => {
    const wrong = 'another-secret-0815';
    const errors: unknown[] = [];
    const keep = (error: unknown) => void errors.push(error);
    const ask = (settings: Record<string, string>) => open(settings).client.prices([SOL] as Address[]);
    await ask({ JUPITER_API_KEY: wrong }).catch(keep);
    expect(errors).toMatchObject([{ code: 'JUPITER_FAILED', context: { httpStatus: 401 } }]);
    await ask({ JUPITER_URL: 'http://127.0.0.1:1', JUPITER_API_KEY: wrong }).catch(keep);
    cluster.chaos.set({ jupiterGarbageRate: 1 });
    await ask({ JUPITER_API_KEY: wrong }).catch(keep);
    cluster.chaos.set({ jupiterGarbageRate: 0, jupiterDelayMs: 400 });
    await ask({ JUPITER_API_KEY: wrong, JUPITER_TIMEOUT_MS: '100' }).catch(keep);
    expect(errors).toHaveLength(4);
    for (const error of errors) {
      const { message, stack, context } = error as Error & { context: unknown };
      const said = [describeError(error), message, stack, JSON.stringify(context)].join('\n');
      expect(said).not.toContain(wrong);
    }
    const faulty = () => loadConfig({ JUPITER_API_KEY: `${wrong}\nx-evil: 1` });
    expect(faulty).toThrow('JUPITER_API_KEY');
    expect(faulty).not.toThrow(wrong);
  });
});
