/** The runbook's story of an opened breaker, lived through by a real executor whose Jupiter fails and comes back. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ControlClient } from '../src/cli/control-client.js';
import type { BreakerView, PriceView } from '../src/control/operations.js';
import { readLocalnetFile } from '../src/embedded/localnet-file.js';
import {
  ExecutorUnderTest,
  eventually,
  orderFor,
  poolsOf,
  problemOf,
  QUIET_CLUSTER,
} from './support/executor-under-test.js';

const KEY = 'the-jupiter-secret-of-this-test';

let executor: ExecutorUnderTest;
let control: ControlClient;
let adminUrl: string;
beforeAll(async () => {
  executor = new ExecutorUnderTest({
    ...QUIET_CLUSTER,
    JUPITER_API_KEY: KEY,
    LOCALNET_JUPITER_API_KEY: KEY,
    JUPITER_PRICE_POLL_MS: '500',
    JUPITER_REQUESTS_PER_SECOND: '10',
    JUPITER_RECOVERY_MS: '600',
    MAX_REFERENCE_DEVIATION_BPS: '100',
    MAX_REFERENCE_AGE_MS: '60000',
  });
  control = await executor.ready();
  adminUrl = readLocalnetFile(join(executor.directory, 'data'))?.info.adminUrl ?? '';
}, 60_000);
afterAll(async () => {
  await executor.dispose();
});

async function chaos(settings: object): Promise<void> {
  const response = await fetch(`${adminUrl}/chaos`, { method: 'PUT', body: JSON.stringify(settings) });
  expect(response.status).toBe(200);
}

async function breaker(): Promise<BreakerView | undefined> {
  const { breakers } = (await control.get('/api/circuit-breakers')) as { breakers: BreakerView[] };
  return breakers.find(({ name }) => name === 'jupiter');
}

const breakerIs = (state: BreakerView['state']) =>
  eventually(`the breaker ${state}`, async () => ((await breaker())?.state === state ? true : undefined));

/** The first pool's price, once it is compared and off by as much as `fits`. */
function deviation(fits: (bps: number) => boolean): Promise<PriceView> {
  return eventually('the price', async () => {
    const [pool] = await poolsOf(control);
    const view = (await control.get(`/api/prices/${pool?.mint0}`)) as PriceView;
    const bps = view.pools.find((one) => one.pool === pool?.pool)?.deviationBps ?? null;
    return bps !== null && fits(bps) ? view : undefined;
  });
}

describe('Jupiter', () => {
  it('is asked for prices from the start, and they are those of the pools', async () => {
    const view = await deviation((bps) => bps <= 2);
    expect(view.reference).toMatchObject({ source: 'jupiter', usdPrice: expect.any(Number) });
    expect(await breaker()).toMatchObject({ state: 'closed' });
    const { prices } = (await control.get('/api/prices')) as { prices: PriceView[] };
    expect(prices.map(({ mint }) => mint)).toContain(view.mint);
    expect(problemOf(await control.ask('GET', '/api/prices/nobody'))).toMatchObject({
      status: 400,
      field: 'mint',
    });
    const nobody = await control.ask('GET', '/api/prices/11111111111111111111111111111111');
    expect(problemOf(nobody)).toMatchObject({ status: 422, code: 'MINT_UNKNOWN' });
  });

  it('opens its breaker when it fails, and closes it by itself after its time', async () => {
    await chaos({ jupiterErrorRate: 1 });
    await breakerIs('open');
    expect((await control.ask('GET', '/readyz')).status).toBe(200);
    await chaos({ jupiterErrorRate: 0 });
    await breakerIs('closed');
    const messages = await eventually('the log', () => {
      const lines = executor.log().filter(({ breaker: name }) => name === 'jupiter');
      return lines.length >= 3 ? lines.map(({ message }) => message) : undefined;
    });
    expect(messages).toEqual(expect.arrayContaining(['circuit breaker open', 'circuit breaker closed']));
  });

  it("is closed by the runbook's own command", async () => {
    await control.post('/api/circuit-breakers/jupiter/open');
    await breakerIs('forcedOpen');
    const url = `${control.url}/api/circuit-breakers/jupiter/close`;
    await promisify(execFile)('curl', ['-sf', '-X', 'POST', url]);
    expect(await breaker()).toMatchObject({ state: 'closed' });
  });

  it('denies a trade on a pool that is off its price, with the figures, and takes it when it is not', async () => {
    await chaos({ jupiterPriceSkewBps: 500 });
    await deviation((bps) => bps > 400);
    const denied = await control.ask('POST', '/api/trades', await orderFor(control, 'off'));
    expect(problemOf(denied)).toMatchObject({ status: 422, code: 'REFERENCE_DEVIATION' });
    expect((denied.body as { context: object }).context).toMatchObject({
      allowedBps: 100,
      deviationBps: expect.any(Number),
      poolPrice: expect.any(Number),
      referencePrice: expect.any(Number),
    });
    const dryRun = { ...(await orderFor(control, 'dry')), dryRun: true };
    expect(problemOf(await control.ask('POST', '/api/trades', dryRun))).toMatchObject({
      code: 'REFERENCE_DEVIATION',
    });
    await chaos({ jupiterPriceSkewBps: 0 });
    await deviation((bps) => bps <= 2);
    const taken = await control.ask('POST', '/api/trades', await orderFor(control, 'fair'));
    expect(taken.status).toBe(202);
  });

  it('has its key in no log, answer, file or argument', async () => {
    await chaos({ jupiterGarbageRate: 1 });
    await breakerIs('open');
    await chaos({ jupiterGarbageRate: 0 });
    const paths = ['/api/status', '/api/circuit-breakers', '/api/prices', '/health', '/api/trades'];
    const answers = await Promise.all(
      paths.map(async (path) => JSON.stringify((await control.ask('GET', path)).body)),
    );
    const files = ['data/localnet.json', 'data/run.json', 'logs/trading.log'];
    const texts = files.map((file) => readFileSync(join(executor.directory, file), 'utf8'));
    const pids = [executor.pid, readLocalnetFile(join(executor.directory, 'data'))?.info.pid];
    const argv = pids.map((pid) => `/proc/${pid}/cmdline`).filter(existsSync);
    for (const text of [...answers, ...texts, ...argv.map((path) => readFileSync(path, 'utf8'))]) {
      expect(text).not.toContain(KEY);
    }
  });
});
