/**
 * The embedded cluster by itself: transfers and swaps a second that it executes and streams, the evenness of its
 * slots and the delivery of its stream at 500 transactions a second, and the time from its start to its first answer.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { type BenchOptions, type BenchOutcome, type BenchResult, verify } from './measure.js';
import { type Helper, startHelper } from './support/child.js';
import type { ClusterHostReady } from './support/cluster-host.js';
import {
  keysOf,
  type MakeTransaction,
  sendRequest,
  swapMaker,
  transferMaker,
} from './support/cluster-workload.js';
import { figure } from './support/figures.js';
import { RawConnection } from './support/raw-http.js';
import { type ProbeReport, StreamProbe } from './support/stream-probe.js';

const SEED = 'bench';
const WALLETS = 64;
const POOLS = 64;
const SLOT_MS = 400;
const CONNECTIONS = 4;
/** Sent and not streamed yet: the cluster is kept busy, and its own bound is far away. */
const WINDOW = 1_500;
const PACED_RATE = 500;
const PACE_MS = 2;
const SETTLE_MS = 100;
const STALL_MS = 10_000;
const READY_TIMEOUT_MS = 30_000;

type Host = Helper<ClusterHostReady>;

export async function run({ smoke, runs }: BenchOptions): Promise<BenchOutcome> {
  const transfersPerSecond: number[] = [];
  const swapsPerSecond: number[] = [];
  const jitterMs: number[] = [];
  const deliveryMs: number[] = [];
  const readyMs: number[] = [];
  const cluster = { seed: SEED, pools: POOLS, wallets: WALLETS, fund: [], slotMs: SLOT_MS };
  const host = await startHelper<ClusterHostReady>('cluster-host', cluster);
  try {
    const bench = await LocalnetLoad.open(host);
    const transfers = { count: smoke ? 200 : 12_000, make: transferMaker(host.ready.info, bench.keys) };
    const swaps = { count: smoke ? 200 : 6_000, make: swapMaker(host.ready.info, bench.keys) };
    for (let round = 0; round < runs; round += 1) {
      transfersPerSecond.push(await bench.capacity(transfers.make, transfers.count));
      swapsPerSecond.push(await bench.capacity(swaps.make, swaps.count));
      const paced = await bench.paced(transfers.make, smoke ? 1_000 : 10_000);
      jitterMs.push(...paced.jitterMs);
      deliveryMs.push(...paced.deliveryMs);
    }
    bench.close();
  } finally {
    await host.stop();
  }
  for (let round = 0; round < runs; round += 1) readyMs.push(await startAndStop());
  const results: BenchResult[] = [
    figure('localnet_transfers', 'tx/s', transfersPerSecond),
    figure('localnet_swaps', 'tx/s', swapsPerSecond),
    figure('localnet_slot_jitter_at_500', 'ms', jitterMs),
    figure('localnet_delivery_at_500', 'ms', deliveryMs),
    figure('localnet_ready', 'ms', readyMs),
  ];
  return { ratios: {}, results };
}

class LocalnetLoad {
  readonly keys: ReturnType<typeof keysOf>;
  readonly #host: Host;
  readonly #connections: readonly RawConnection[];
  #sent = 0;

  private constructor(host: Host, connections: readonly RawConnection[]) {
    this.#host = host;
    this.keys = keysOf(host.ready.wallets);
    this.#connections = connections;
  }

  static async open(host: Host): Promise<LocalnetLoad> {
    const port = Number(new URL(host.ready.info.rpcUrl).port);
    const connections = await Promise.all(
      Array.from({ length: CONNECTIONS }, () => RawConnection.open(port)),
    );
    return new LocalnetLoad(host, connections);
  }

  /** Transactions a second, from the first send until the last one came over the stream. */
  async capacity(make: MakeTransaction, count: number): Promise<number> {
    const requests = await this.#sign(make, count);
    const { grpcEndpoint } = this.#host.ready.info;
    const probe = await StreamProbe.open(grpcEndpoint, this.#wallets, SLOT_MS);
    probe.take();
    const startedMs = performance.now();
    await new Promise<void>((resolve, reject) => {
      const stall = setTimeout(() => reject(new Error(`${probe.transactions} of ${count} came`)), STALL_MS);
      let next = 0;
      const pump = (): void => {
        while (next < count && next - probe.transactions < WINDOW) this.#send(requests[next++]!);
        stall.refresh();
        if (probe.transactions < count) return;
        clearTimeout(stall);
        resolve();
      };
      probe.onTransaction(pump);
      pump();
    });
    const elapsedMs = performance.now() - startedMs;
    const report = probe.take();
    probe.close();
    verify('localnet', report.failed === 0 && report.transactions === count);
    return (count / elapsedMs) * 1000;
  }

  /** 500 a second for so long, watched by another process. */
  async paced(make: MakeTransaction, durationMs: number): Promise<ProbeReport> {
    const count = (durationMs * PACED_RATE) / 1000;
    const requests = await this.#sign(make, count);
    const options = { endpoint: this.#host.ready.info.grpcEndpoint, wallets: this.#wallets, slotMs: SLOT_MS };
    const probe = await startHelper<void>('probe-process', options);
    try {
      await probe.call('take');
      const startedMs = performance.now();
      for (let next = 0; next < count; ) {
        const due = Math.min(count, Math.floor(((performance.now() - startedMs) * PACED_RATE) / 1000));
        while (next < due) this.#send(requests[next++]!);
        await delay(PACE_MS);
      }
      const lastMs = performance.now() + STALL_MS;
      while ((await probe.call<number>('count')) < count && performance.now() < lastMs)
        await delay(SETTLE_MS);
      const report = await probe.call<ProbeReport>('take');
      verify('localnet at a set pace', report.failed === 0 && report.transactions === count);
      return report;
    } finally {
      await probe.stop();
    }
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
    for (const key of this.keys) key.wipe();
  }

  get #wallets(): readonly string[] {
    return this.keys.map((key) => key.address);
  }

  async #sign(make: MakeTransaction, count: number): Promise<Buffer[]> {
    const blockhash = await latestBlockhash(this.#host.ready.info.rpcUrl);
    return Array.from({ length: count }, () => sendRequest(make(this.#sent++, blockhash)));
  }

  #send(bytes: Buffer): void {
    const connection = this.#connections.reduce((best, one) =>
      one.outstanding < best.outstanding ? one : best,
    );
    connection.send(bytes, ({ status, body }) => {
      if (status !== 200 || body.includes('"error"')) throw new Error(`refused: ${body.toString('utf8')}`);
    });
  }
}

async function latestBlockhash(rpcUrl: string): Promise<string> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getLatestBlockhash' });
  const response = await request(rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  const answer = (await response.body.json()) as { result: { value: { blockhash: string } } };
  return answer.result.value.blockhash;
}

/** Milliseconds from the start of the command until it said where it is and that it is well. */
async function startAndStop(): Promise<number> {
  const cli = fileURLToPath(new URL('../localnet/cli.js', import.meta.url));
  const ports = ['--rpc-port', '0', '--ws-port', '0', '--grpc-port', '0'];
  const startedMs = performance.now();
  const child = spawn(process.execPath, [cli, '--quiet', ...ports], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    const line = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the cluster did not start')), READY_TIMEOUT_MS);
      createInterface({ input: child.stdout }).once('line', (text) => {
        clearTimeout(timer);
        resolve(text);
      });
    });
    const { rpcUrl } = JSON.parse(line) as { rpcUrl: string };
    const health = await request(`${rpcUrl}/health`);
    verify('localnet start', (await health.body.text()) === 'ok');
    return performance.now() - startedMs;
  } finally {
    child.kill('SIGTERM');
    await exited;
  }
}

const delay = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
