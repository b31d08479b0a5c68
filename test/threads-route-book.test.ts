/** A message compiled for tables or accounts that are no longer so would be refused by every node, trade after trade. */
import { describe, expect, it } from 'vitest';
import { ownClock, publishClock } from '../src/threads/build-clock.js';
import { InlineBuilder } from '../src/threads/inline-builder.js';
import { PoolBuilder } from '../src/threads/pool-builder.js';
import { systemClock } from '../src/time/clock.js';
import { builderRig } from './support/builder-rig.js';
import { testAddress } from './support/cpmm-accounts.js';

describe('a prepared message', () => {
  it('is compiled once for a wallet, pool, direction and mode', () => {
    const { routes, request } = builderRig();
    const first = routes.resolve(request());
    expect(routes.resolve(request({ amount: 7n }))).toBe(first);
    expect(routes.resolve(request({ zeroForOne: false }))).not.toBe(first);
    expect(routes.resolve(request({ mode: 'exactOut' }))).not.toBe(first);
  });

  it('creates the output account for as long as it is missing', () => {
    const { routes, request, missingAccounts } = builderRig();
    const plain = routes.resolve(request());
    missingAccounts.add(plain.outputAccount);
    const creating = routes.resolve(request());
    expect(creating.prepared.wire.length).toBeGreaterThan(plain.prepared.wire.length);
    missingAccounts.clear();
    expect(routes.resolve(request())).toBe(plain);
  });

  it('is compiled again when the lookup tables change, in place and for the workers', async () => {
    const { board, routes, keys, pool, request } = builderRig();
    publishClock(board, systemClock);
    const inline = new InlineBuilder({ board, routes, keys, clock: ownClock(systemClock) });
    const workers = new PoolBuilder({ board, routes, keys, workers: 1 });
    const lengths = async () => {
      const built = [inline.build(request()), await workers.build(request())];
      return built.map((one) => (one.ok ? one.wire.length : one.error));
    };
    try {
      const [without] = await lengths();
      let told = 0;
      routes.onForgotten(() => told++);
      const addresses = [pool.vault0, pool.vault1, pool.authority, pool.ammConfig];
      routes.setLookupTables([{ address: testAddress(90), addresses }]);
      expect(told).toBe(1);
      expect(routes.all()).toEqual([]);
      const [shorter, onWorker] = await lengths();
      expect(shorter).toBeLessThan(Number(without));
      expect(onWorker).toBe(shorter);
      routes.setLookupTables([]);
      expect(await lengths()).toEqual([without, without]);
    } finally {
      await workers.close();
    }
  });
});
