/** Of a round of prices that takes several questions, one that fails must not cost the answers of the others. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../src/config/config.js';
import { JUPITER_BREAKER, openJupiterClient } from '../src/executor/open-jupiter.js';
import { MAX_PRICES_A_CALL } from '../src/jupiter/jupiter-client.js';
import { ReferencePrices } from '../src/jupiter/reference-prices.js';
import { BreakerRegistry } from '../src/risk/breakers.js';
import { testAddress } from './support/cpmm-accounts.js';
import { eventually } from './support/executor-under-test.js';
import { ManualClock } from './support/manual-clock.js';

const POLL_MS = 2_000;

/** A server of prices that fails where it is asked for a mint of `failing`. */
async function open(failing: Set<string>) {
  const asked: number[] = [];
  const server = createServer((request, response) => {
    const ids = new URL(request.url!, 'http://localhost').searchParams.get('ids')!.split(',');
    asked.push(ids.length);
    const fails = ids.some((id) => failing.has(id));
    const prices = Object.fromEntries(ids.map((id) => [id, { usdPrice: 2, decimals: 6 }]));
    response.writeHead(fails ? 500 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(prices));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const clock = new ManualClock();
  const config = loadConfig({ JUPITER_REQUESTS_PER_SECOND: '1000' });
  const breakers = new BreakerRegistry({ clock });
  const jupiter = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = openJupiterClient({ config, endpoints: { jupiter }, breakers, clock });
  if (client === undefined) throw new Error('no client');
  onTestFinished(() => client.close());
  return { client, clock, asked, breaker: breakers.get(JUPITER_BREAKER) };
}

const mints = Array.from({ length: 2 * MAX_PRICES_A_CALL + 1 }, (_, index) => testAddress(index + 1));
const [first, last] = [mints[0]!, mints.at(-1)!];
const middle = mints[MAX_PRICES_A_CALL]!;

it.each([
  ['the first', first, [middle, last]],
  ['a middle one', middle, [first, last]],
  ['the last', last, [first, middle]],
])(
  '%s question fails: the round has the prices of the others, and says that it failed',
  async (_which, failing, others) => {
    const { client, clock, asked } = await open(new Set<string>([failing]));
    const told: string[] = [];
    const prices = new ReferencePrices({
      client,
      mints: () => mints,
      clock,
      pollMs: POLL_MS,
      onFault: (error) => told.push((error as { code: string }).code),
      onRecovered: () => told.push('recovered'),
    });
    onTestFinished(() => prices.close());
    await eventually('the end of the round', () => (told.length > 0 ? true : undefined));
    expect(asked).toEqual([MAX_PRICES_A_CALL, MAX_PRICES_A_CALL, 1]);
    expect(told).toEqual(['JUPITER_FAILED']);
    for (const mint of others) expect(prices.priceOf(mint)).toMatchObject({ mint, usdPrice: 2 });
    expect(prices.priceOf(failing)).toBeUndefined();
  },
);

it('the next round that fails nowhere has all of them', async () => {
  const failing = new Set<string>([middle]);
  const { client, clock } = await open(failing);
  const told: string[] = [];
  const prices = new ReferencePrices({
    client,
    mints: () => mints,
    clock,
    pollMs: POLL_MS,
    onFault: () => told.push('failed'),
    onRecovered: () => told.push('recovered'),
  });
  onTestFinished(() => prices.close());
  await eventually('the end of the round', () => (told.length > 0 ? true : undefined));
  failing.clear();
  clock.advance(POLL_MS);
  await eventually('recovery', () => (told.includes('recovered') ? true : undefined));
  for (const mint of mints) expect(prices.priceOf(mint)).toBeDefined();
});
