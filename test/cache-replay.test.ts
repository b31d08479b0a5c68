/**
 * First sessions that begin with a replay, one after the other, on a cluster whose slots are skipped, die and lose their
 * forks: whenever the cache calls everything fresh, it holds what the ledger holds.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { startCluster } from '../localnet/cluster.js';
import { HotCache } from '../src/cache/hot-cache.js';
import { type Address, asSlot } from '../src/model/brands.js';
import type { StreamGap } from '../src/stream/types.js';
import { YellowstoneStream } from '../src/stream/yellowstone-stream.js';
import { systemClock } from '../src/time/clock.js';
import { call } from './localnet/cluster-rpc.js';
import { clusterFetch } from './support/cluster-fetch.js';

const ROUNDS = 8;
/** Slots before the confirmed one at which a replay begins. */
const OVERLAP = 4;
const SWAPS_PER_SECOND = 200;

it('holds what the ledger holds whenever it is fresh', async () => {
  const cluster = await startCluster({
    seed: 'cache-replay',
    marketSwapsPerSecond: SWAPS_PER_SECOND,
    conditions: { slotMs: 50, skipRate: 0.05, forkRate: 0.1, deadRate: 0.1, leaderDelayMs: 0 },
  });
  onTestFinished(() => cluster.close());
  const { info, ledger } = cluster;
  const addresses = info.pools.flatMap(
    (pool) => [pool.address, pool.token0Vault, pool.token1Vault] as Address[],
  );
  const fetch = clusterFetch(info.rpcUrl);
  const random = { next: () => 0.5 };
  const limits = { backoffFirstMs: 5, backoffMostMs: 10 };
  let sessions = 0;
  let eased = 0;
  let suspected = 0;
  const begin = async () => {
    const cache = new HotCache({ clock: systemClock, random, fetch });
    cache.track(addresses);
    const onGap = cache.onGap.bind(cache);
    cache.onGap = (gap: StreamGap) => {
      if (gap.eased === true) eased++;
      if (gap.open === true) sessions++;
      onGap(gap);
    };
    cache.addListener({
      onSuspect: () => {
        suspected++;
      },
    });
    const options = { endpoint: info.grpcEndpoint, name: 'one', clock: systemClock, random, limits };
    const stream = new YellowstoneStream(options);
    const confirmed = await call<number>(info.rpcUrl, 'getSlot', [{ commitment: 'confirmed' }]);
    stream.start(cache, { accounts: addresses, wallets: [] }, asSlot(Math.max(0, confirmed - OVERLAP)));
    const close = () => {
      stream.close();
      cache.close();
    };
    return { cache, close };
  };

  const isLevel = (cache: HotCache): boolean =>
    addresses.every((address) => {
      const theirs = ledger.account(address, 'processed')!.account;
      return Buffer.compare(cache.get(address)?.data ?? Buffer.alloc(0), theirs.data) === 0;
    });
  let compared = 0;
  for (let round = 0; round < ROUNDS; round++) {
    cluster.market.setRate(SWAPS_PER_SECOND);
    await sleep(300);
    const before = sessions;
    const { cache, close } = await begin();
    onTestFinished(close);
    while (sessions === before || cache.suspectCount > 0) await sleep(1);
    const suspectedBefore = suspected;
    // Nothing is written any more: what is under way arrives, and nothing else can make up for what was missed.
    cluster.market.setRate(0);
    for (let tries = 0; tries < 400 && !isLevel(cache); tries++) await sleep(5);
    if (suspected === suspectedBefore) {
      compared++;
      expect(isLevel(cache)).toBe(true);
    }
    close();
  }
  expect(eased).toBeGreaterThan(ROUNDS / 2);
  expect(compared).toBeGreaterThan(0);
});
