/** An embedded cluster in a process of its own, started from code so that a benchmark may hold the wallets' keys. */
import { type Cluster, type ClusterInfo, startCluster } from '../../localnet/cluster.js';
import type { GenesisPool } from '../../localnet/genesis/types.js';
import { serveHelper } from './child.js';

const PACE_MS = 5;
const TOKEN_AMOUNT_AT = 64;
/** Past so many that the engine has not done yet, updates are left out: a machine that is short must not drown. */
const OUTSTANDING_MAX = 250;

export interface ClusterHostOptions {
  readonly seed: string;
  readonly pools: number;
  readonly wallets: number;
  readonly fund: readonly string[];
  readonly slotMs: number;
}

export interface ClusterHostReady {
  readonly info: ClusterInfo;
  readonly wallets: readonly { readonly address: string; readonly secretKey: Uint8Array }[];
}

export interface UpdateLoad {
  /** Account updates a second; 0 ends them. */
  readonly rate: number;
  /** Pools whose vaults are written. */
  readonly pools: readonly string[];
}

let cluster: Cluster | undefined;
let stopUpdates: (() => number) | undefined;

serveHelper(
  {
    start: async (options: ClusterHostOptions): Promise<ClusterHostReady> => {
      const { slotMs, ...rest } = options;
      // No skips, no forks: latency runs measure the path and not the weather.
      cluster = await startCluster({ ...rest, conditions: { slotMs }, marketSwapsPerSecond: 0 });
      const wallets = cluster.genesis.wallets.map(({ address, secretKey }) => {
        if (secretKey === undefined) throw new Error('a wallet of the seed without its key');
        return { address, secretKey };
      });
      return { info: cluster.info, wallets };
    },
    /** Answers the updates a second of the load before. */
    updates: ({ rate, pools }: UpdateLoad): number => {
      const reached = stopUpdates?.() ?? 0;
      stopUpdates = undefined;
      if (cluster === undefined || rate === 0) return reached;
      const chosen = cluster.info.pools.filter(({ address }) => pools.includes(address));
      stopUpdates = writeVaults(cluster, chosen, rate);
      return reached;
    },
  },
  async () => {
    stopUpdates?.();
    await cluster?.close();
  },
);

/** Writes the pools' vaults in turn, like swaps that somebody else makes there. @returns ends it, with its rate */
function writeVaults({ ledger, engine }: Cluster, pools: readonly GenesisPool[], rate: number): () => number {
  const vaults = pools.flatMap(({ token0Vault, token1Vault }) => [token0Vault, token1Vault]);
  const states = vaults.map((address) => {
    const found = ledger.account(address, 'processed');
    if (found === undefined) throw new Error('a pool without its vault');
    return { address, account: found.account, data: Buffer.from(found.account.data) };
  });
  const startedMs = performance.now();
  let due = 0;
  let written = 0;
  let outstanding = 0;
  const write = (): void => {
    const { address, account, data } = states[written % states.length]!;
    written += 1;
    outstanding += 1;
    data.writeBigUInt64LE(data.readBigUInt64LE(TOKEN_AMOUNT_AT) + 1n, TOKEN_AMOUNT_AT);
    engine.setAccount(address, { ...account, data: Buffer.from(data) }).then(
      () => {
        outstanding -= 1;
      },
      (error: unknown) => process.stderr.write(`a vault could not be written: ${String(error)}\n`),
    );
  };
  const timer = setInterval(() => {
    const before = due;
    due = Math.floor(((performance.now() - startedMs) * rate) / 1000);
    for (let index = before; index < due && outstanding < OUTSTANDING_MAX; index += 1) write();
  }, PACE_MS);
  return () => {
    clearInterval(timer);
    return (written / (performance.now() - startedMs)) * 1000;
  };
}
