/**
 * A cache that begins in the middle of a slot, against the embedded cluster: what was written in that slot before the
 * stream was there is in no update that it gets, and must be in what it holds once it counts as fresh. It does not wait
 * until that slot is confirmed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { startCluster } from '../localnet/cluster.js';
import { HotCache } from '../src/cache/hot-cache.js';
import { type Address, asSlot } from '../src/model/brands.js';
import { YellowstoneStream } from '../src/stream/yellowstone-stream.js';
import { systemClock } from '../src/time/clock.js';
import { call } from './localnet/cluster-rpc.js';

interface RpcAnswer {
  readonly context: { readonly slot: number };
  readonly value: readonly ({ lamports: number; owner: string; data: [string, string] } | null)[];
}

const WAIT_MS = 5_000;

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (const deadline = performance.now() + WAIT_MS; !isSo(); await sleep(2)) {
    if (performance.now() > deadline) throw new Error(`it took too long: ${what}`);
  }
}

it.each([0, 2])('is fresh and right with the end of that slot, %i slots after genesis', async (slots) => {
  const conditions = { slotMs: 1_000 };
  const cluster = await startCluster({ seed: 'start', marketSwapsPerSecond: 0, conditions });
  onTestFinished(() => cluster.close());
  const { info, ledger, engine } = cluster;
  await until('the slot', () => ledger.slot('processed') === slots);
  const written = info.pools[0]!.token0Vault as Address;
  const addresses = [written, info.pools[0]!.token1Vault as Address];
  const before = ledger.account(written, 'processed')!.account;
  await engine.setAccount(written, { ...before, lamports: before.lamports + 1n });
  const inProgress = slots + 1;

  const random = { next: () => 0.5 };
  const cache = new HotCache({
    clock: systemClock,
    random,
    fetch: async (asked, minContextSlot) => {
      const options = { encoding: 'base64', commitment: 'confirmed', minContextSlot };
      const { context, value } = await call<RpcAnswer>(info.rpcUrl, 'getMultipleAccounts', [asked, options]);
      const accounts = value.map((one) => ({
        lamports: BigInt(one!.lamports),
        owner: one!.owner as Address,
        data: Buffer.from(one!.data[0], 'base64'),
      }));
      return { contextSlot: asSlot(context.slot), accounts };
    },
  });
  onTestFinished(() => cache.close());
  cache.track(addresses);
  const stream = new YellowstoneStream({
    endpoint: info.grpcEndpoint,
    name: 'one',
    clock: systemClock,
    random,
  });
  onTestFinished(() => stream.close());
  const confirmed = ledger.slot('confirmed');
  stream.start(cache, { accounts: addresses, wallets: [] }, asSlot(Math.max(0, confirmed - 4)));
  await until('the replay', () => cache.slots.slot('confirmed') === confirmed && stream.status === 'live');
  await until('the blockhash', () => cache.blockhashes.newest()?.slot === confirmed);
  if (ledger.slot('processed') < inProgress) expect(cache.ageSlots(written)).toBe(Number.POSITIVE_INFINITY);
  await until('the accounts', () => cache.suspectCount === 0);
  expect(ledger.slot('confirmed')).toBeLessThan(inProgress);
  expect(cache.ageSlots(written)).toBe(0);
  expect(cache.get(written)).toMatchObject({ slot: inProgress, lamports: before.lamports + 1n });
});
