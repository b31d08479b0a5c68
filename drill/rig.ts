/** What every drill begins with: a directory, keys made by the executor's own code, a cluster that funds them. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddedKeystorePaths, openEmbeddedKeystore } from '../src/embedded/embedded-keys.js';
import { DrillCluster } from './cluster.js';
import { ExecutorProcess } from './executor-process.js';

const TOKEN_BYTES = 24;

export interface RigOptions {
  /** Further arguments of the cluster's command line. */
  readonly clusterArgs: readonly string[];
  /** Settings of the executor beside those that connect it. */
  readonly settings: Readonly<Record<string, string>>;
  /** Wallets to trade with; by default as many as the embedded default has. */
  readonly tradingKeys?: number;
  /** Leave the directory in place at the end, for whoever looks for the cause of a finding. */
  readonly keep?: boolean;
}

export class Rig {
  readonly directory: string;
  readonly cluster: DrillCluster;
  readonly wallets: readonly string[];
  readonly #options: RigOptions;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #token = randomBytes(TOKEN_BYTES).toString('base64url');
  readonly #lives: ExecutorProcess[] = [];
  #stopOnSignal: (() => void) | undefined;

  private constructor(
    directory: string,
    cluster: DrillCluster,
    wallets: readonly string[],
    options: RigOptions,
  ) {
    this.directory = directory;
    this.cluster = cluster;
    this.wallets = wallets;
    this.#options = options;
    const { info } = cluster;
    const paths = embeddedKeystorePaths(join(directory, 'data'));
    this.#settings = {
      YELLOWSTONE_ENDPOINTS: info.grpcEndpoint,
      RPC_ENDPOINTS: info.rpcUrl,
      POOLS: info.pools.map((pool) => pool.address).join(','),
      LOOKUP_TABLES: info.lookupTables.join(','),
      KEYSTORE_PATH: paths.keystore,
      KEYSTORE_PASSPHRASE_FILE: paths.passphrase,
      LIVE_TRADING: 'true',
      ...options.settings,
    };
  }

  static async open(options: RigOptions): Promise<Rig> {
    const directory = mkdtempSync(join(tmpdir(), 'hotslot-drill-'));
    const dataDir = join(directory, 'data');
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const keystore = await openEmbeddedKeystore(embeddedKeystorePaths(dataDir), options.tradingKeys);
    const addresses = keystore.entries().map((entry) => entry.address);
    keystore.close();
    const funds = addresses.flatMap((address) => ['--fund', address]);
    const cluster = await DrillCluster.start([...funds, ...options.clusterArgs]);
    const rig = new Rig(directory, cluster, addresses, options);
    rig.#endOnSignals();
    return rig;
  }

  /** The environment of a command that is to find this executor. */
  commandSettings(): Readonly<Record<string, string>> {
    return { ...this.#settings, API_TOKEN: this.#token };
  }

  /** One more life of the same executor. */
  startExecutor(settings: Readonly<Record<string, string>> = {}): ExecutorProcess {
    const life = new ExecutorProcess(this.directory, { ...this.#settings, ...settings }, this.#token);
    this.#lives.push(life);
    return life;
  }

  /** The executor's bearer token of an administrator. */
  get token(): string {
    return this.#token;
  }

  get dataDirectory(): string {
    return join(this.directory, 'data');
  }

  get journalDirectory(): string {
    return join(this.dataDirectory, 'journal');
  }

  get logFile(): string {
    return join(this.directory, 'logs', 'trading.log');
  }

  async close(): Promise<void> {
    if (this.#stopOnSignal !== undefined) {
      process.off('SIGINT', this.#stopOnSignal);
      process.off('SIGTERM', this.#stopOnSignal);
    }
    await Promise.all(this.#lives.map((life) => life.kill()));
    await this.cluster.stop();
    if (this.#options.keep !== true) rmSync(this.directory, { recursive: true, force: true });
  }

  #endOnSignals(): void {
    const SIGNAL_EXIT_CODE = 130;
    this.#stopOnSignal = () => {
      void this.close().finally(() => process.exit(SIGNAL_EXIT_CODE));
    };
    process.once('SIGINT', this.#stopOnSignal);
    process.once('SIGTERM', this.#stopOnSignal);
  }
}
