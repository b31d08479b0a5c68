/**
 * From the start of the process to the first trade that it would take: with the embedded cluster, which it starts and
 * whose genesis it makes, and against a cluster that is there.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ControlClient } from '../src/cli/control-client.js';
import { embeddedKeystorePaths, openEmbeddedKeystore } from '../src/embedded/embedded-keys.js';
import { readRunInfo } from '../src/journal/data-dir.js';
import type { BenchOptions, BenchOutcome } from './measure.js';
import { startHelper } from './support/child.js';
import type { ClusterHostReady } from './support/cluster-host.js';
import { figure } from './support/figures.js';

const SEED = 'cold-start';
const POOLS = 8;
const SLOT_MS = 400;
const READY_TIMEOUT_MS = 30_000;
const POLL_MS = 5;
const ENTRY = fileURLToPath(new URL('../src/trading.js', import.meta.url));

export async function run({ runs }: BenchOptions): Promise<BenchOutcome> {
  const directory = mkdtempSync(join(tmpdir(), 'hotslot-bench-'));
  try {
    const paths = embeddedKeystorePaths(directory);
    const keystore = await openEmbeddedKeystore(paths);
    const fund = keystore.entries().map(({ address }) => address);
    keystore.close();
    const cluster = { seed: SEED, pools: POOLS, wallets: 0, fund, slotMs: SLOT_MS };
    const host = await startHelper<ClusterHostReady>('cluster-host', cluster);
    const { info } = host.ready;
    const elsewhere = {
      YELLOWSTONE_ENDPOINTS: info.grpcEndpoint,
      RPC_ENDPOINTS: info.rpcUrl,
      POOLS: info.pools.map(({ address }) => address).join(','),
      KEYSTORE_PATH: paths.keystore,
      KEYSTORE_PASSPHRASE_FILE: paths.passphrase,
    };
    const embeddedMs: number[] = [];
    const elsewhereMs: number[] = [];
    try {
      for (let round = 0; round < runs; round += 1) {
        elsewhereMs.push(await startToReadyMs(elsewhere));
        embeddedMs.push(await startToReadyMs({}));
      }
    } finally {
      await host.stop();
    }
    return {
      ratios: {},
      results: [
        figure('cold_start_with_cluster', 'ms', embeddedMs),
        figure('cold_start_without_cluster', 'ms', elsewhereMs),
      ],
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function startToReadyMs(settings: { readonly [name: string]: string }): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'hotslot-bench-'));
  const dataDir = join(directory, 'data');
  const startedMs = performance.now();
  const child = spawn(process.execPath, [ENTRY], {
    env: {
      ...process.env,
      CONTROL_PORT: '0',
      KESTRA_COMPAT_PORT: '0',
      DATA_DIR: dataDir,
      LOG_DIR: join(directory, 'logs'),
      ...settings,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    while (performance.now() - startedMs < READY_TIMEOUT_MS && child.exitCode === null) {
      const controlUrl = readRunInfo(dataDir)?.controlUrl;
      if (controlUrl !== undefined && (await isReady(new ControlClient(controlUrl, undefined))))
        return performance.now() - startedMs;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new Error('the executor did not become ready');
  } finally {
    child.kill('SIGINT');
    await exited;
    rmSync(directory, { recursive: true, force: true });
  }
}

async function isReady(client: ControlClient): Promise<boolean> {
  return (await client.ask('GET', '/readyz')).status === 200;
}
