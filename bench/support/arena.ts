/** Everything that an end-to-end run needs: cluster, sink, executor and the paths beside it, each a process. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection, Keypair } from '@solana/web3.js';
import { ControlClient } from '../../src/cli/control-client.js';
import { type OwnExecutor, startOwnExecutor } from '../../src/cli/own-executor.js';
import { embeddedKeystorePaths, openEmbeddedKeystore } from '../../src/embedded/embedded-keys.js';
import type { LoopDelay } from '../../src/executor/hot-path.js';
import type { Keystore } from '../../src/keys/keystore.js';
import { type Helper, startHelper } from './child.js';
import type { ClusterHostReady } from './cluster-host.js';
import { poolKeysOf } from './cluster-workload.js';
import type { IntentPlan, PoolFacts } from './intent-load.js';
import type { PathOptions } from './intent-path.js';
import { runFirst } from './realtime.js';
import { Sink } from './sink.js';

const WALLETS = 64;
const POOLS = 64;
/** Pools on which only others trade: the updates beside the run are theirs. */
const BUSY_POOLS = 8;
const SLOT_MS = 400;
const POLL_MS = 100;
const READY_TIMEOUT_MS = 30_000;
const SETTLE_TIMEOUT_MS = 60_000;
/** An executor that stood still reads what came meanwhile, or begins a new stream: its readiness shows it only then. */
const AWAKE_SETTLE_MS = 2_000;
/** The updates, and whoever reads them, come to their pace. */
const PACE_SETTLE_MS = 500;

export interface SettledTrade {
  readonly id: string;
  readonly state: string;
  readonly attempts: readonly { readonly signature: string }[];
  readonly timesUs: {
    readonly queuedUs?: number;
    readonly lockedUs?: number;
    readonly sentUs?: number;
    readonly confirmedUs?: number;
  };
  readonly outcome?: { readonly slotDelta: number };
  readonly denial?: { readonly code: string };
}

const OPEN = new Set(['accepted', 'queued', 'signed', 'sent', 'processed', 'unknown']);

export interface ArenaOptions {
  readonly seed: string;
  /** Entries of `support/` that serve intents. */
  readonly peers: readonly string[];
  /** Further settings of the executor. */
  readonly settings?: { readonly [name: string]: string };
}

export interface Target {
  readonly port: number;
  readonly headers: { readonly [name: string]: string };
  readonly plan: IntentPlan;
}

/** Asks the executor of a target as an operator does. */
export function controlClientOf({ port, headers }: Pick<Target, 'port' | 'headers'>): ControlClient {
  return new ControlClient(`http://127.0.0.1:${port}`, headers.Authorization?.slice('Bearer '.length));
}

interface Parts {
  readonly host: Helper<ClusterHostReady>;
  readonly sink: Sink;
  readonly executor: OwnExecutor;
  readonly token: string;
  readonly peers: ReadonlyMap<string, Helper<{ port: number }>>;
  readonly plan: IntentPlan;
  readonly busyPools: readonly string[];
  readonly closers: readonly (() => Promise<void> | void)[];
}

export class Arena {
  readonly sink: Sink;
  readonly #parts: Parts;
  readonly #client: ControlClient;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.sink = parts.sink;
    this.#client = new ControlClient(parts.executor.controlUrl, parts.token);
  }

  /** Starts everything and waits until the executor is ready. */
  static async open(options: ArenaOptions): Promise<Arena> {
    const closers: (() => Promise<void> | void)[] = [];
    try {
      return new Arena(await openParts(options, closers));
    } catch (error) {
      await closeAll(closers);
      throw error;
    }
  }

  get executorTarget(): Target {
    const { executor, token, plan } = this.#parts;
    return {
      port: Number(new URL(executor.controlUrl).port),
      headers: { Authorization: `Bearer ${token}` },
      plan,
    };
  }

  get executorPid(): number {
    return this.#parts.executor.pid;
  }

  peerTarget(name: string): Target {
    const peer = this.#parts.peers.get(name);
    if (peer === undefined) throw new Error(`no path is named ${name}`);
    return { port: peer.ready.port, headers: {}, plan: this.#parts.plan };
  }

  /**
   * Puts whoever is measured, and this process, which is the other end of its network, before the cluster, which
   * would be on other machines.
   */
  runFirst(): void {
    const { executor, peers } = this.#parts;
    for (const pid of [process.pid, executor.pid, ...[...peers.values()].map((peer) => peer.pid)])
      runFirst(pid);
  }

  /**
   * Does something while the executor stands still, as the other paths do in its turn: it would follow the stream,
   * keep its own path warm and read what the others land, on the processors that are measured.
   */
  async withoutExecutor(work: () => Promise<void>): Promise<void> {
    const { pid } = this.#parts.executor;
    process.kill(pid, 'SIGSTOP');
    try {
      await work();
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await waitReady(this.#client);
    // What the stream brought meanwhile is read, and gaps are closed.
    await delay(AWAKE_SETTLE_MS);
    await waitReady(this.#client);
  }

  /**
   * Account updates a second, of pools that the executor keeps hot and does not trade on.
   * @returns what was reached of the rate before
   */
  async setUpdates(rate: number): Promise<number> {
    const { host, busyPools } = this.#parts;
    const reached = await host.call<number>('updates', { rate, pools: busyPools });
    if (rate > 0) await delay(PACE_SETTLE_MS);
    return reached;
  }

  /** How late the executor's main thread runs, µs, since its start: its synchronous work, and whoever it makes way for. */
  async loopDelay(): Promise<LoopDelay> {
    const { loop } = (await this.#client.get('/api/latency')) as { loop: LoopDelay };
    return loop;
  }

  /** Lets a path follow the busy pools' accounts as the executor does, or no longer. */
  async follow(name: string, follows: boolean): Promise<void> {
    const { peers, host, busyPools } = this.#parts;
    const busy = host.ready.info.pools.filter(({ address }) => busyPools.includes(address));
    const accounts = busy.flatMap((pool) => [pool.address, pool.token0Vault, pool.token1Vault]);
    await peers.get(name)?.call('follow', follows ? accounts : []);
    if (follows) await delay(PACE_SETTLE_MS);
  }

  /** Gives a path the newest blockhash, without which its bytes could not land. */
  async renewBlockhash(name: string): Promise<void> {
    const { peers, host } = this.#parts;
    const { blockhash } = await new Connection(host.ready.info.rpcUrl).getLatestBlockhash('confirmed');
    await peers.get(name)?.call('blockhash', blockhash);
  }

  /** Waits until all of these trades are confirmed or over. */
  async settled(ids: readonly string[]): Promise<Map<string, SettledTrade>> {
    const deadlineMs = performance.now() + SETTLE_TIMEOUT_MS;
    const settled = new Map<string, SettledTrade>();
    // One at a time and not the whole list: a long answer would hold up the very trades that are waited for.
    for (const id of ids) {
      for (;;) {
        const trade = (await this.#client.get(`/api/trades/${id}`)) as SettledTrade;
        settled.set(id, trade);
        if (!OPEN.has(trade.state)) break;
        if (performance.now() > deadlineMs) throw new Error(`${id} is still ${trade.state}`);
        await delay(POLL_MS);
      }
    }
    return settled;
  }

  /** Ends everything, the last one started first. */
  async close(): Promise<void> {
    await closeAll(this.#parts.closers);
  }
}

async function closeAll(closers: readonly (() => Promise<void> | void)[]): Promise<void> {
  for (const close of closers.toReversed()) await close();
}

async function openParts(
  { seed, peers, settings }: ArenaOptions,
  closers: (() => Promise<void> | void)[],
): Promise<Parts> {
  const directory = mkdtempSync(join(tmpdir(), 'hotslot-bench-'));
  closers.push(() => rmSync(directory, { recursive: true, force: true }));
  const paths = embeddedKeystorePaths(directory);
  const keystore = await openEmbeddedKeystore(paths, WALLETS);
  const wallets = walletsOf(keystore);
  keystore.close();

  const pools = POOLS + BUSY_POOLS;
  const fund = wallets.map(({ address }) => address);
  const cluster = { seed, pools, wallets: 0, fund, slotMs: SLOT_MS };
  const host = await startHelper<ClusterHostReady>('cluster-host', cluster);
  closers.push(() => host.stop());
  const { info } = host.ready;
  const sink = await Sink.open(Number(new URL(info.rpcUrl).port));
  closers.push(() => sink.close());
  const token = randomBytes(16).toString('hex');
  const executor = await startOwnExecutor({
    YELLOWSTONE_ENDPOINTS: info.grpcEndpoint,
    RPC_ENDPOINTS: `http://127.0.0.1:${sink.port}/rpc`,
    POOLS: info.pools.map(({ address }) => address).join(','),
    LOOKUP_TABLES: info.lookupTables.join(','),
    KEYSTORE_PATH: paths.keystore,
    KEYSTORE_PASSPHRASE_FILE: paths.passphrase,
    LIVE_TRADING: 'true',
    API_TOKEN: token,
    ...settings,
  });
  closers.push(() => executor.stop());
  const facts = await waitReady(new ControlClient(executor.controlUrl, token));
  const traded = facts.slice(0, POOLS);
  const helpers = new Map<string, Helper<{ port: number }>>();
  for (const name of peers) {
    const helper = await startHelper<{ port: number }>(name, pathOptions(host.ready, sink, wallets));
    closers.push(() => helper.stop());
    helpers.set(name, helper);
  }
  return {
    host,
    sink,
    executor,
    token,
    peers: helpers,
    plan: { pools: traded, wallets: wallets.map(({ name }) => name) },
    busyPools: facts.slice(POOLS).map(({ pool }) => pool),
    closers,
  };
}

interface Wallet {
  readonly name: string;
  readonly address: string;
  readonly secretKey: Uint8Array;
}

/** The paths beside trade with the same wallets, in turn: what they send is as good as the executor's. */
function walletsOf(keystore: Keystore): readonly Wallet[] {
  const names = keystore.entries().flatMap(({ name }) => (name === 'master' ? [] : [name]));
  return names.map((name) => {
    const key = keystore.load(name);
    const { secretKey } = Keypair.fromSeed(new Uint8Array(key.copySeedForTransfer()));
    key.wipe();
    return { name, address: key.address, secretKey };
  });
}

function pathOptions({ info }: ClusterHostReady, sink: Sink, wallets: readonly Wallet[]): PathOptions {
  return {
    sinkPort: sink.port,
    pools: poolKeysOf(info),
    wallets: wallets.map(({ name, secretKey }) => ({ name, secretKey })),
    grpcEndpoint: info.grpcEndpoint,
  };
}

async function waitReady(client: ControlClient): Promise<readonly PoolFacts[]> {
  const deadlineMs = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const { status, body } = await client.ask('GET', '/readyz');
    if (status === 200) break;
    if (performance.now() > deadlineMs) throw new Error(`not ready: ${JSON.stringify(body)}`);
    await delay(POLL_MS);
  }
  const status = (await client.get('/api/status')) as { market: { pools: PoolFacts[] } };
  return status.market.pools;
}

const delay = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
