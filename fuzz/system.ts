/** What is fuzzed: a real executor on a real embedded cluster, each a process of its own on loopback. */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import type { ExecutorProcess } from '../drill/executor-process.js';
import { readLog } from '../drill/log-reader.js';
import { Rig } from '../drill/rig.js';
import type { ControlClient } from '../src/cli/control-client.js';
import { readRunInfo } from '../src/journal/data-dir.js';
import type { TargetName } from './message.js';
import { isAlive } from './process-facts.js';
import { fuzzSigner } from './signer.js';
import type { Surroundings } from './surroundings.js';

/** Long: a machine that stands still for a minute is none of this system's faults. */
const TIMEOUT_MS = 240_000;
const REFRESH_MS = 400;
/** A chain that stands still for as long has been stopped: hardly anything is tried on it any more. */
const STILL_MS = 60_000;
const TOKEN_BYTES = 18;
/** The executor's message after SIGUSR2. */
const COLLECTED = 'memory after a forced collection';
const LOG_POLL_MS = 100;
/** Short histories: their bounds are reached early, so that what still grows afterwards is a leak. */
const CLUSTER_BOUNDS = ['--ledger-slots', '300', '--ledger-transactions', '1000'];

/**
 * The warming of a path that is under fire all the time would only take from the messages. A short memory of ended
 * trades is full early, for the same reason as the cluster's bounds.
 */
const SETTINGS = { KESTRA_COMPAT_PORT: '0', KEEP_WARM_MS: '0', MAX_RECENT_TRADES: '500' };

/** After a collection, of the main threads; resident bytes are the whole process's. */
export interface Collected {
  readonly executor: NodeJS.MemoryUsage;
  readonly cluster: NodeJS.MemoryUsage;
}

export interface Port {
  readonly host: string;
  readonly port: number;
}

export class FuzzedSystem {
  readonly rig: Rig;
  readonly executor: ExecutorProcess;
  readonly control: ControlClient;
  readonly surroundings: Surroundings;
  readonly #kestraUrl: string;
  readonly #ends = new AbortController();
  #blockhash = '11111111111111111111111111111111';
  #slot = 0;
  #slotSinceMs = performance.now();
  #signatures: readonly string[] = ['1'.repeat(64)];

  private constructor(
    rig: Rig,
    executor: ExecutorProcess,
    control: ControlClient,
    seed: string,
    token: Tokens,
  ) {
    this.rig = rig;
    this.executor = executor;
    this.control = control;
    this.#kestraUrl = readRunInfo(rig.dataDirectory)?.kestraUrl ?? control.url;
    const { info } = rig.cluster;
    this.surroundings = {
      run: randomBytes(3).toString('hex'),
      pools: info.pools,
      mints: info.mints.map((mint) => mint.address),
      lookupTables: info.lookupTables,
      wallets: rig.wallets,
      tokens: { admin: rig.token, trade: token.trade, read: token.read },
      signer: fuzzSigner(seed),
      recentBlockhash: () => this.#blockhash,
      currentSlot: () => this.#slot,
      knownSignature: () => this.#signatures[this.#slot % this.#signatures.length] ?? '',
    };
  }

  static async open(seed: string, keep: boolean): Promise<FuzzedSystem> {
    const token = { trade: newToken(), read: newToken() };
    const rig = await Rig.open({
      clusterArgs: ['--seed', `fuzz-${seed}`, '--fund', fuzzSigner(seed).address, ...CLUSTER_BOUNDS],
      settings: { ...SETTINGS, API_TOKEN_TRADE: token.trade, API_TOKEN_READ: token.read },
      keep,
    });
    try {
      const executor = rig.startExecutor({ JUPITER_URL: rig.cluster.info.jupiterUrl ?? '' });
      const control = await executor.control();
      if (control === undefined || !(await executor.ready(control)))
        throw new Error('the executor ended by itself');
      const system = new FuzzedSystem(rig, executor, control, seed, token);
      await system.#refresh();
      // The cluster draws an epoch's leaders once, which takes it a second or more.
      await system.rpc('getLeaderSchedule', []);
      void system.#keepFresh();
      return system;
    } catch (error) {
      await rig.close();
      throw error;
    }
  }

  get executorPid(): number {
    return this.executor.pid ?? 0;
  }

  get clusterPid(): number {
    return this.rig.cluster.info.pid;
  }

  portOf(target: TargetName): Port {
    const { rpcUrl, wsUrl, adminUrl, grpcEndpoint, jupiterUrl } = this.rig.cluster.info;
    switch (target) {
      case 'control':
      case 'controlRaw':
      case 'live':
      case 'livePacked':
        return portOf(this.control.url);
      case 'kestra':
        return portOf(this.#kestraUrl);
      case 'rpc':
      case 'rpcRaw':
        return portOf(rpcUrl);
      case 'pubsub':
      case 'pubsubRaw':
        return portOf(wsUrl);
      case 'admin':
      case 'adminRaw':
        return portOf(adminUrl);
      case 'jupiter':
        return portOf(jupiterUrl ?? '');
      case 'grpc':
      case 'grpcRaw':
        return portOf(grpcEndpoint);
    }
  }

  /** Which of the two has ended; undefined as long as both are there. */
  ended(): 'executor' | 'cluster' | undefined {
    if (!isAlive(this.executorPid)) return 'executor';
    return isAlive(this.clusterPid) ? undefined : 'cluster';
  }

  /**
   * Both answer a call that needs their main thread, and the chain goes on.
   * @throws Error when one does not answer within minutes, or no slot came for one
   */
  async probe(): Promise<void> {
    const { statusCode, body } = await request(`${this.control.url}/livez`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await body.dump();
    if (statusCode !== 200) throw new Error(`/livez answered ${statusCode}`);
    await this.rpc('getHealth', []);
    const stillMs = performance.now() - this.#slotSinceMs;
    if (stillMs > STILL_MS) throw new Error(`slot ${this.#slot} for ${Math.round(stillMs)} ms`);
  }

  /** Both collect and give back what they can. @returns what they say of themselves right afterwards */
  async collectGarbage(): Promise<Collected> {
    const { body } = await request(`${this.rig.cluster.info.adminUrl.replace(/\/$/, '')}/collect-garbage`, {
      method: 'POST',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const cluster = (await body.json()) as { after: NodeJS.MemoryUsage };
    return { executor: await this.#collectInExecutor(), cluster: cluster.after };
  }

  /** Its log is where it tells: what is asked over HTTP later has grown again. */
  async #collectInExecutor(): Promise<NodeJS.MemoryUsage> {
    const told = () => readLog(this.rig.logFile).filter(({ message }) => message === COLLECTED);
    const before = told().length;
    process.kill(this.executorPid, 'SIGUSR2');
    const deadlineMs = performance.now() + TIMEOUT_MS;
    for (;;) {
      await delay(LOG_POLL_MS);
      const lines = told();
      if (lines.length > before) return (lines.at(-1) as unknown as { after: NodeJS.MemoryUsage }).after;
      if (performance.now() > deadlineMs) throw new Error('the executor did not collect');
    }
  }

  async rpc(method: string, params: readonly unknown[]): Promise<unknown> {
    const { body } = await request(this.rig.cluster.info.rpcUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const { result, error } = (await body.json()) as { result?: unknown; error?: { message: string } };
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  async close(): Promise<void> {
    this.#ends.abort();
    await this.rig.close();
  }

  async #keepFresh(): Promise<void> {
    while (!this.#ends.signal.aborted) {
      await delay(REFRESH_MS);
      // A cluster that does not answer is the probe's finding, not this one's.
      await this.#refresh().catch(() => undefined);
    }
  }

  async #refresh(): Promise<void> {
    const answer = (await this.rpc('getLatestBlockhash', [{ commitment: 'processed' }])) as {
      context: { slot: number };
      value: { blockhash: string };
    };
    if (answer.context.slot !== this.#slot) this.#slotSinceMs = performance.now();
    this.#slot = answer.context.slot;
    this.#blockhash = answer.value.blockhash;
    const signatures = (await this.rpc('getSignaturesForAddress', [
      this.surroundings.signer.address,
      { limit: 20, commitment: 'confirmed' },
    ])) as { signature: string }[];
    if (signatures.length > 0) this.#signatures = signatures.map(({ signature }) => signature);
  }
}

interface Tokens {
  readonly trade: string;
  readonly read: string;
}

const newToken = () => randomBytes(TOKEN_BYTES).toString('base64url');

function portOf(url: string): Port {
  const { hostname, port } = new URL(url.includes('://') ? url : `http://${url}`);
  return { host: hostname, port: Number(port) };
}
