/** Stream and cache against the embedded cluster, with skips, dead slots, lost forks and cuts of the stream. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { startCluster } from '../localnet/cluster.js';
import { HotCache } from '../src/cache/hot-cache.js';
import type { Address } from '../src/model/brands.js';
import { YellowstoneStream } from '../src/stream/yellowstone-stream.js';
import { systemClock } from '../src/time/clock.js';
import { clusterFetch } from './support/cluster-fetch.js';

it('holds what the ledger holds, at processed and at confirmed, after everything that can happen', async () => {
  const cluster = await startCluster({
    manual: true,
    seed: 'cache',
    marketSwapsPerSecond: 20,
    conditions: { skipRate: 0.1, forkRate: 0.1, deadRate: 0.1 },
  });
  onTestFinished(() => cluster.close());
  const { info, ledger, engine } = cluster;
  const addresses = info.pools.flatMap(
    (pool) => [pool.address, pool.token0Vault, pool.token1Vault] as Address[],
  );
  const fetch = clusterFetch(info.rpcUrl);
  const random = { next: () => 0.5 };
  const cache = new HotCache({ clock: systemClock, random, fetch });
  onTestFinished(() => cache.close());
  cache.track(addresses);
  let lost = 0;
  let sessions = 0;
  cache.addListener({
    onSlotsLost: (slots) => {
      lost += slots.length;
    },
    onSuspect: () => {
      sessions++;
    },
  });
  const limits = { backoffFirstMs: 5, backoffMostMs: 10, pingPeriodMs: 20 };
  const stream = new YellowstoneStream({
    endpoint: info.grpcEndpoint,
    name: 'one',
    clock: systemClock,
    random,
    limits,
  });
  onTestFinished(() => stream.close());
  stream.start(cache, { accounts: addresses, wallets: [] });

  const slots = async (count: number): Promise<void> => {
    for (let slot = 0; slot < count; slot++) {
      await engine.step();
      await sleep(5);
    }
  };
  /** What a slot wrote that is not frozen, and perhaps dies, is ahead of what the ledger calls processed. */
  const isAhead = (): boolean =>
    addresses.some((address) => (cache.get(address)?.slot ?? 0) > ledger.slot('processed'));
  /** Steps on until the stream is whole again and has brought the ledger's newest block, and no more. */
  const settle = async (): Promise<void> => {
    while (cache.suspectCount > 0 || cache.slots.head() !== ledger.slot('processed') || isAhead())
      await slots(1);
  };
  const isLevel = (): boolean =>
    cache.slots.slot('confirmed') === ledger.slot('confirmed') &&
    addresses.every((address) => {
      const ours = cache.get(address);
      const theirs = ledger.account(address, 'processed');
      return (
        ours !== undefined && theirs !== undefined && Buffer.compare(ours.data, theirs.account.data) === 0
      );
    });
  /** No slot passes meanwhile: what the ledger has already is still on its way to the cache. */
  const delivered = async (): Promise<void> => {
    for (let tries = 0; tries < 1_000 && !isLevel(); tries++) await sleep(5);
  };
  for (let round = 0; round < 4; round++) {
    await slots(20);
    cluster.chaos.cutStreams();
    await slots(3);
    await settle();
    await delivered();
    expect(cache.slots.slot('confirmed')).toBe(ledger.slot('confirmed'));
    for (const address of addresses) {
      for (const [ours, theirs] of [
        [cache.get(address), ledger.account(address, 'processed')],
        [cache.getConfirmed(address), ledger.account(address, 'confirmed')],
      ] as const) {
        expect(Buffer.compare(ours!.data, theirs!.account.data)).toBe(0);
        expect(ours!.lamports).toBe(theirs!.account.lamports);
      }
      expect(cache.ageSlots(address)).toBe(0);
    }
    expect(cache.blockhashes.newest()?.blockhash).toBe(ledger.latestBlockhash('confirmed').blockhash);
  }
  expect(lost).toBeGreaterThan(3);
  expect(sessions).toBeGreaterThan(3);
});
