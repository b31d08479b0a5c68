/** The whole executor on two Yellowstone servers of one cluster: one freezes, and no trade is denied or lost for it. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { createChaos } from '../localnet/chaos/chaos.js';
import { startCluster } from '../localnet/cluster.js';
import { startGeyser } from '../localnet/geyser/start-geyser.js';
import { loadConfig } from '../src/config/config.js';
import { embeddedKeystorePaths, openEmbeddedKeystore } from '../src/embedded/embedded-keys.js';
import { endpointsOf } from '../src/executor/endpoints.js';
import { startExecutor } from '../src/executor/executor.js';
import type { Log } from '../src/logging/log.js';
import type { Address } from '../src/model/brands.js';
import type { Trade } from '../src/model/trade.js';
import { systemClock } from '../src/time/clock.js';
import { systemRandom } from '../src/time/random.js';

const NO_LOG = { debug() {}, info() {}, warn() {}, error() {} } as Log;
const SLOT_MS = 400;
const TRADE_EVERY_MS = 150;

it('trades on when the stream that it takes accounts from freezes', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'hotslot-two-streams-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const dataDir = join(directory, 'data');
  mkdirSync(dataDir, { mode: 0o700 });
  const paths = embeddedKeystorePaths(dataDir);
  const keystore = await openEmbeddedKeystore(paths, 4);
  const cluster = await startCluster({
    seed: 'trade on',
    pools: 2,
    conditions: { slotMs: SLOT_MS },
    marketSwapsPerSecond: 10,
    fund: keystore.entries().map((entry) => entry.address),
  });
  onTestFinished(() => cluster.close());
  const { info, ledger, feed } = cluster;
  const chaos = createChaos(1);
  const second = await startGeyser({ ledger, feed, chaos, host: '127.0.0.1', port: 0 });
  onTestFinished(() => second.close());
  const config = loadConfig({
    YELLOWSTONE_ENDPOINTS: `${info.grpcEndpoint},127.0.0.1:${second.port}`,
    RPC_ENDPOINTS: info.rpcUrl,
    POOLS: info.pools.map((pool) => pool.address).join(','),
    KEYSTORE_PATH: paths.keystore,
    KEYSTORE_PASSPHRASE_FILE: paths.passphrase,
    LIVE_TRADING: 'true',
    API_TOKEN: 'for-this-test',
    DATA_DIR: dataDir,
    LOG_DIR: join(directory, 'logs'),
    SIGNING: 'inline',
  });
  const endpoints = endpointsOf(config, undefined);
  const clock = systemClock;
  const executor = await startExecutor({
    config,
    endpoints,
    keystore,
    clock,
    random: systemRandom,
    log: NO_LOG,
  });
  onTestFinished(() => executor.close());
  const { desk, market, health } = executor;
  const pool = info.pools[0]!;
  const trades: Trade[] = [];
  const trade = (): void => {
    const intent = {
      clientOrderId: `order-${trades.length}`,
      inputMint: pool.token0Mint as Address,
      outputMint: pool.token1Mint as Address,
      amount: 1_000n + BigInt(trades.length),
      mode: 'exactIn' as const,
      slippageBps: 500,
      priority: 4,
      deadlineMs: 30_000,
      validityBlocks: 150,
      dryRun: false,
    };
    trades.push(desk.submit(intent, clock.monotonicUs(), intent.clientOrderId));
  };
  const sourceIndex = () => market.streamEndpoints().findIndex(({ isAccountSource }) => isAccountSource);
  const until = async (isDone: () => boolean, meanwhile = () => {}): Promise<void> => {
    while (!isDone()) {
      meanwhile();
      await sleep(TRADE_EVERY_MS);
    }
  };
  await until(
    () => health.readiness().ready && market.streamEndpoints().every(({ status }) => status === 'live'),
  );
  // Both streams have to be whole for longer than an overlap.
  await sleep(10 * SLOT_MS);

  const frozen = sourceIndex();
  for (let index = 0; index < 5; index++) trade();
  [cluster.chaos, chaos][frozen]!.set({ streamFrozen: true });
  await until(() => sourceIndex() !== frozen, trade);
  const after = trades.length + 8;
  await until(() => trades.length >= after, trade);
  const isOver = ({ id }: Trade) => {
    const { state } = desk.get(id)!;
    return state === 'confirmed' || state === 'finalized' || state === 'denied' || state === 'failed';
  };
  await until(() => trades.every(isOver));

  const ends = trades
    .map(({ id }) => desk.get(id)!)
    .map((one) => one.denial?.code ?? one.outcome?.error ?? 'landed');
  expect(new Set(ends)).toEqual(new Set(['landed']));
  const frozenName = market.streamEndpoints()[frozen]!.name;
  expect(health.checks().find(({ name }) => name === `yellowstone:${frozenName}`)?.level).toBe('warn');
}, 60_000);
