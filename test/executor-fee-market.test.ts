// Blocks are full and the fees decide: the executor's own price lands, the base fee alone is still waiting when it dies.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ControlClient } from '../src/cli/control-client.js';
import {
  ExecutorUnderTest,
  eventually,
  orderFor,
  poolsOf,
  QUIET_CLUSTER,
  TERMINAL,
  type TradeFacts,
  tradeIn,
} from './support/executor-under-test.js';

const START_TIMEOUT_MS = 60_000;
const MAX_TRIES = 5;
/** What the load pays at the least: a quarter of its middle price. */
const LEAST_PRICE = 250_000;
/** So much that what waits fills blocks also where a change of leaders has just lost half of it. */
const LOAD = ['--block-cost-limit 3000000', '--load-rate 3', '--load-price 1000000', '--load-pool-rate 1'];
const CONGESTED = {
  ...QUIET_CLUSTER,
  LOCALNET_ARGS: [QUIET_CLUSTER.LOCALNET_ARGS, ...LOAD].join(' '),
  PRIORITY_FEE_POLL_MS: '200',
  EXPIRY_COMMITMENT: 'confirmed',
  MAX_ATTEMPTS: '1',
};

interface Attempt {
  readonly computeUnitPriceMicroLamports: string;
  readonly computeUnitLimit: number;
}

const follower = new ExecutorUnderTest(CONGESTED);
const miser = new ExecutorUnderTest({
  ...CONGESTED,
  COMPUTE_UNIT_PRICE: '0',
  PRIORITY_FEE_PERCENTILE: '0',
});
afterAll(() => Promise.all([follower.dispose(), miser.dispose()]));
beforeAll(() => Promise.all([follower.ready(), miser.ready()]), START_TIMEOUT_MS);

/** One that was denied because a busy machine had left it nothing fresh to sign on is asked for again. */
async function traded(control: ControlClient, states: readonly string[]): Promise<TradeFacts> {
  for (let tries = 1; ; tries += 1) {
    const order = await orderFor(control, `fee-market-${tries}`);
    const { status, body } = await control.ask('POST', '/api/trades', order);
    expect(status, JSON.stringify(body)).toBe(202);
    const trade = await tradeIn(control, (body as { id: string }).id, [...states, ...TERMINAL]);
    if (trade.state !== 'denied' || tries === MAX_TRIES) return trade;
  }
}

it('lands a trade at the price that others pay on its pool, within the cap', async () => {
  const control = await follower.ready();
  const level = await eventually('a fee level', async () => {
    const [pool] = (await poolsOf(control)) as unknown as { feeLevelMicroLamports: number }[];
    return pool !== undefined && pool.feeLevelMicroLamports > LEAST_PRICE
      ? pool.feeLevelMicroLamports
      : undefined;
  });
  expect(level).toBeLessThanOrEqual(16 * LEAST_PRICE);
  const trade = await traded(control, ['confirmed', 'finalized']);
  expect(['confirmed', 'finalized'], JSON.stringify(trade)).toContain(trade.state);
  const [attempt] = trade.attempts as unknown as Attempt[];
  expect(Number(attempt!.computeUnitPriceMicroLamports)).toBeGreaterThan(LEAST_PRICE);
  const lamports = (Number(attempt!.computeUnitPriceMicroLamports) * attempt!.computeUnitLimit) / 1_000_000;
  expect(lamports).toBeLessThanOrEqual(1_000_000);
});

it('lets a trade without a priority fee wait until its blockhash is dead', async () => {
  const control = await miser.ready();
  const trade = await traded(control, ['processed', 'confirmed', 'finalized']);
  expect(trade.state, JSON.stringify(trade)).toBe('expired');
  const [attempt] = trade.attempts as unknown as Attempt[];
  expect(Number(attempt!.computeUnitPriceMicroLamports)).toBe(0);
});
