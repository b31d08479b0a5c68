/** Jupiter's API of the embedded cluster: what it quotes is what its own program then pays, to the unit. */
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../../localnet/cluster.js';
import { NATIVE_MINT, RUNBOOK_MINT, USDC_MINT } from '../../localnet/genesis/addresses.js';
import { associatedTokenAddress } from '../../localnet/genesis/program-address.js';
import type { GenesisPool } from '../../localnet/genesis/types.js';
import { SwapTemplate } from '../../localnet/market/swap-template.js';

const KEY = 'test-key-0123456789';
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ manual: true, seed: 'jupiter api', jupiterApiKey: KEY });
  await cluster.engine.step(3);
});
afterAll(async () => {
  await cluster.close();
});
afterEach(() => {
  cluster.chaos.clear();
});

async function get(path: string, headers: Record<string, string> = { 'x-api-key': KEY }) {
  const response = await fetch(cluster.info.jupiterUrl + path, { headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

async function ask(path: string): Promise<Record<string, unknown>> {
  const { status, text } = await get(path);
  expect([status, text]).toEqual([200, expect.anything()]);
  return JSON.parse(text);
}

const pairQuery = (inputMint: string, outputMint: string, amount: bigint, rest = '') =>
  `inputMint=${inputMint}&outputMint=${outputMint}&amount=${amount}${rest}`;

const programOf = (mint: string) =>
  cluster.genesis.mints.find(({ address }) => address === mint)?.tokenProgram ?? '';

function balance(owner: string, mint: string): bigint {
  const account = cluster.ledger.account(associatedTokenAddress(owner, mint, programOf(mint)), 'processed');
  return Buffer.from(account?.account.data ?? []).readBigUInt64LE(64);
}

/** Sends the swap to the cluster and answers what the wallet got. */
async function swap(pool: GenesisPool, isForward: boolean, amountIn: bigint): Promise<bigint> {
  const trader = cluster.genesis.traders[0];
  if (trader?.secretKey === undefined) throw new Error('no trader');
  const leg = (mint: string, vault: string) => ({
    mint,
    vault,
    tokenProgram: programOf(mint),
    account: associatedTokenAddress(trader.address, mint, programOf(mint)),
  });
  const sides = [leg(pool.token0Mint, pool.token0Vault), leg(pool.token1Mint, pool.token1Vault)] as const;
  const [input, output] = isForward ? sides : ([sides[1], sides[0]] as const);
  const signer = { address: trader.address, secretKey: trader.secretKey };
  const before = balance(trader.address, output.mint);
  const wire = new SwapTemplate(signer, pool, input, output).sign(
    cluster.ledger.latestBlockhash('confirmed').blockhash,
    { amountIn, minimumAmountOut: 0n, computeUnitPriceMicroLamports: 1n },
  );
  cluster.engine.submit(wire);
  await cluster.engine.step(2);
  return balance(trader.address, output.mint) - before;
}

describe('quotes', () => {
  it('say to the unit what the swap then pays, through every pool both ways', async () => {
    const amounts = [1_000n, 123_456_789n, 98_765_432_109n];
    for (const [index, pool] of cluster.info.pools.entries()) {
      for (const isForward of [true, false]) {
        const amount = amounts[index % amounts.length]!;
        const [input, output] = isForward
          ? [pool.token0Mint, pool.token1Mint]
          : [pool.token1Mint, pool.token0Mint];
        const query = pairQuery(input, output, amount, '&onlyDirectRoutes=true');
        const answer = await ask(`/swap/v2/order?${query}`);
        expect(answer.routePlan).toMatchObject([{ swapInfo: { ammKey: pool.address } }]);
        expect([pool.address, isForward, answer.outAmount]).toEqual([
          pool.address,
          isForward,
          (await swap(pool, isForward, amount)).toString(),
        ]);
      }
    }
  });

  it('go through a mint between where that gives more, or where no pool has the pair', async () => {
    const taxed = cluster.info.mints.find(({ symbol }) => symbol === 'TAX')?.address ?? '';
    const path = `/swap/v1/quote?${pairQuery(taxed, USDC_MINT, 1_000_000_000n)}`;
    const { routePlan, outAmount } = await ask(path);
    const legs = routePlan as { swapInfo: { outputMint: string; outAmount: string } }[];
    expect(legs.map(({ swapInfo }) => swapInfo.outputMint)).toEqual([NATIVE_MINT, USDC_MINT]);
    expect(outAmount).toBe(legs[1]?.swapInfo.outAmount);
    expect((await get(`${path}&onlyDirectRoutes=true`)).text).toContain('COULD_NOT_FIND_ANY_ROUTE');
  });

  it('have the least output of their tolerance, and the same figures in both versions', async () => {
    const query = pairQuery(NATIVE_MINT, RUNBOOK_MINT, 5_000_000_000n, '&slippageBps=100');
    const [v2, v1] = [await ask(`/swap/v2/order?${query}`), await ask(`/swap/v1/quote?${query}`)];
    const out = BigInt(v2.outAmount as string);
    expect(v2).toMatchObject({ slippageBps: 100, swapMode: 'ExactIn', transaction: null, router: 'iris' });
    expect(BigInt(v2.otherAmountThreshold as string)).toBe((out * 9_900n + 9_999n) / 10_000n);
    expect(v1).toMatchObject({ outAmount: v2.outAmount, otherAmountThreshold: v2.otherAmountThreshold });
    expect(Number(v1.priceImpactPct)).toBeCloseTo(-Number(v2.priceImpactPct), 12);
  });
});

describe('prices', () => {
  it('are in dollars for a whole token, left out where there is none, and bent on demand', async () => {
    const nobody = '11111111111111111111111111111111';
    const path = `/price/v3?ids=${NATIVE_MINT},${USDC_MINT},${nobody}`;
    const fair = await ask(path);
    expect(Object.keys(fair)).toEqual([NATIVE_MINT, USDC_MINT]);
    expect(fair[USDC_MINT]).toMatchObject({ usdPrice: 1, decimals: 6 });
    const sol = (answer: Record<string, unknown>) => (answer[NATIVE_MINT] as { usdPrice: number }).usdPrice;
    expect(sol(fair)).toBeGreaterThan(140);
    expect(sol(fair)).toBeLessThan(160);
    cluster.chaos.set({ jupiterPriceSkewBps: 500 });
    expect(sol(await ask(path)) / sol(fair)).toBeCloseTo(1.05, 9);
  });
});

describe('what goes wrong', () => {
  it('goes wrong on demand', async () => {
    const path = `/price/v3?ids=${USDC_MINT}`;
    cluster.chaos.set({ jupiter429Rate: 1, jupiterRetryAfterSeconds: 7 });
    const limited = await get(path);
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7']);
    cluster.chaos.set({ jupiter429Rate: 0, jupiterErrorRate: 1 });
    expect((await get(path)).status).toBe(500);
    cluster.chaos.set({ jupiterErrorRate: 0, jupiterGarbageRate: 1 });
    expect((await get(path)).text).toContain('<html>');
    cluster.chaos.set({ jupiterGarbageRate: 0, jupiterDelayMs: 30 });
    expect((await get(path)).status).toBe(200);
  });

  it('is refused without the key where the cluster has one, and says no more', async () => {
    for (const headers of [{}, { 'x-api-key': 'test-key-0123456780' }, { 'x-api-key': '' }]) {
      const { status, text } = await get(`/price/v3?ids=${USDC_MINT}`, headers as Record<string, string>);
      expect([status, JSON.parse(text)]).toEqual([401, { error: 'Unauthorized' }]);
    }
  });

  it('is told by name and never a fault of the server, whatever is asked', async () => {
    const pieces = fc.constantFrom(
      NATIVE_MINT,
      USDC_MINT,
      '',
      '0',
      '1',
      '-1',
      '1e9',
      '18446744073709551615',
      '18446744073709551616',
      '9'.repeat(400),
      'true',
      'ExactOut',
      `${USDC_MINT},${NATIVE_MINT}`,
      ','.repeat(60),
      '%00',
      '%',
      '%ff',
      '__proto__',
      '1'.repeat(44),
    );
    const names = fc.constantFrom(
      'inputMint',
      'outputMint',
      'amount',
      'slippageBps',
      'ids',
      'swapMode',
      'onlyDirectRoutes',
      'taker',
      'toString',
    );
    const paths = fc.constantFrom(
      '/swap/v2/order',
      '/swap/v1/quote',
      '/price/v3',
      '/',
      '//',
      '/toString',
      '/swap/v2/execute',
    );
    const query = fc.array(fc.tuple(names, fc.oneof(pieces, fc.string({ maxLength: 20 }))), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(paths, query, async (path, pairs) => {
        // Half as it stands, so that what no URL may hold gets there too; fetch itself refuses the rest.
        const text = pairs.map(
          ([name, value]) => `${name}=${value.includes('%') ? value : encodeURIComponent(value)}`,
        );
        const { status, text: body } = await get(`${path}?${text.join('&')}`);
        const answer = JSON.parse(body) as { error?: string };
        if (status === 200) return;
        expect([400, 404]).toContain(status);
        expect(answer.error).toMatch(/./);
      }),
      { seed: 20, numRuns: 400 },
    );
    expect((await fetch(`${cluster.info.jupiterUrl}/price/v3`, { method: 'POST', body: 'x' })).status).toBe(
      405,
    );
  });
});
