/** Two real Yellowstone servers of one embedded cluster: one freezes, is cut, comes back, while pools are traded on. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { createChaos } from '../localnet/chaos/chaos.js';
import { startCluster } from '../localnet/cluster.js';
import { startGeyser } from '../localnet/geyser/start-geyser.js';
import { HotCache } from '../src/cache/hot-cache.js';
import type { Address } from '../src/model/brands.js';
import { StreamSet } from '../src/stream/stream-set.js';
import { YellowstoneStream } from '../src/stream/yellowstone-stream.js';
import { systemClock } from '../src/time/clock.js';
import { clusterFetch } from './support/cluster-fetch.js';

const random = { next: () => 0.5 };

it('goes on from the other server when one freezes, and holds what the ledger holds', async () => {
  const cluster = await startCluster({
    manual: true,
    seed: 'two servers',
    marketSwapsPerSecond: 20,
    conditions: { skipRate: 0.05, forkRate: 0.05, deadRate: 0.05 },
  });
  onTestFinished(() => cluster.close());
  const { info, ledger, feed, engine } = cluster;
  const chaos = createChaos(1);
  const second = await startGeyser({ ledger, feed, chaos, host: '127.0.0.1', port: 0 });
  onTestFinished(() => second.close());
  const addresses = info.pools.flatMap(
    (pool) => [pool.address, pool.token0Vault, pool.token1Vault] as Address[],
  );
  const fetch = clusterFetch(info.rpcUrl);
  const cache = new HotCache({ clock: systemClock, random, fetch });
  onTestFinished(() => cache.close());
  cache.track(addresses);
  const downs: string[] = [];
  const sources: string[] = [];
  const endpoints = [info.grpcEndpoint, `127.0.0.1:${second.port}`];
  const set = new StreamSet({
    streams: endpoints.map(
      (endpoint, index) =>
        new YellowstoneStream({
          endpoint,
          name: `server-${index}`,
          clock: systemClock,
          random,
          limits: { backoffFirstMs: 20, backoffMostMs: 50 },
        }),
    ),
    clock: systemClock,
    onEndpoint: (name, status, detail) => {
      if (status === 'down') downs.push(`${name} ${detail}`);
    },
    onSource: (name, covered) => sources.push(`${name} ${covered}`),
  });
  onTestFinished(() => set.close());
  set.start(cache, { accounts: addresses, wallets: [] });

  const chaosOf = [cluster.chaos, chaos];
  const sourceIndex = () => set.endpoints().findIndex(({ isAccountSource }) => isAccountSource);
  const step = async (): Promise<void> => {
    await engine.step();
    await sleep(10);
  };
  const until = async (isDone: () => boolean): Promise<void> => {
    while (!isDone()) await step();
  };
  /** What a slot wrote that is not frozen, and perhaps dies, is ahead of what the ledger calls processed. */
  const isAhead = () =>
    addresses.some((address) => (cache.get(address)?.slot ?? 0) > ledger.slot('processed'));
  const isConfirmedAlike = () => cache.slots.slot('confirmed') === ledger.slot('confirmed');
  const settle = () =>
    until(
      () =>
        cache.suspectCount === 0 &&
        cache.slots.head() === ledger.slot('processed') &&
        isConfirmedAlike() &&
        !isAhead(),
    );
  const expectLedger = (): void => {
    expect(cache.slots.slot('confirmed')).toBe(ledger.slot('confirmed'));
    for (const address of addresses) {
      for (const [ours, theirs] of [
        [cache.get(address), ledger.account(address, 'processed')],
        [cache.getConfirmed(address), ledger.account(address, 'confirmed')],
      ] as const) {
        expect(Buffer.compare(ours!.data, theirs!.account.data)).toBe(0);
        expect(ours!.lamports).toBe(theirs!.account.lamports);
      }
    }
  };

  await until(() => set.endpoints().every(({ status }) => status === 'live'));
  for (let slot = 0; slot < 12; slot++) await step();
  await settle();
  expectLedger();

  const frozen = sourceIndex();
  let suspicions = 0;
  cache.addListener({
    onSuspect: () => {
      suspicions++;
    },
  });
  chaosOf[frozen]!.set({ streamFrozen: true });
  // The frozen one falls behind before its missing pongs tell on it: accounts move at once.
  await until(() => sourceIndex() !== frozen);
  await until(() => downs.length > 0);
  expect(downs[0]).toMatch(new RegExp(`^server-${frozen} `));
  await settle();
  expectLedger();
  expect(sources.slice(1)).toEqual([`server-${1 - frozen} true`]);
  expect(suspicions).toBe(0);

  chaosOf[frozen]!.clear();
  await until(() => set.endpoints().every(({ status }) => status === 'live'));
  for (let slot = 0; slot < 16; slot++) await step();
  chaosOf[1 - frozen]!.cutStreams();
  await until(() => sourceIndex() === frozen);
  await settle();
  for (let slot = 0; slot < 8; slot++) await step();
  await settle();
  expectLedger();
  expect(set.endpoints()[frozen]!.reconnects).toBeGreaterThan(0);
}, 60_000);
