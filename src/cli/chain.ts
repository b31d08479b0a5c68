/** The chain as a command sees it: the configured RPC endpoints, or the embedded cluster that runs. */
import { type Config, loadConfig } from '../config/config.js';
import { readLocalnetFile } from '../embedded/localnet-file.js';
import { jupiterUrlOf } from '../executor/endpoints.js';
import { openRpcClients } from '../executor/rpc-clients.js';
import type { Address } from '../model/brands.js';
import { ChainReader } from '../send/chain-reader.js';
import { RpcPool } from '../send/rpc-pool.js';
import { systemClock } from '../time/clock.js';
import { ControlError } from './control-client.js';
import type { Environment } from './environment.js';

const CONNECTIONS = 4;

export interface CommandChain {
  readonly config: Config;
  readonly rpc: RpcPool;
  readonly reader: ChainReader;
  readonly pools: readonly Address[];
  /** Undefined where Jupiter is not asked. */
  readonly jupiterUrl: string | undefined;
  /** Of mints that have one, where the cluster says so. */
  readonly symbols: ReadonlyMap<string, string>;
}

/**
 * @throws HotslotError CONFIG_INVALID
 * @throws ControlError where no endpoint is configured and no embedded cluster runs
 */
export async function withChain<T>(
  environment: Environment,
  use: (chain: CommandChain) => Promise<T>,
): Promise<T> {
  const config = loadConfig(environment);
  const localnet = config.embedded ? readLocalnetFile(config.DATA_DIR)?.info : undefined;
  const urls = config.embedded ? (localnet === undefined ? [] : [localnet.rpcUrl]) : config.RPC_ENDPOINTS;
  if (urls.length === 0)
    throw new ControlError('no RPC endpoint is configured and no embedded cluster runs here');
  const clients = openRpcClients(urls, { connections: CONNECTIONS, timeoutMs: config.RPC_TIMEOUT_MS });
  const rpc = new RpcPool(clients, systemClock);
  const embeddedPools = localnet?.pools.map((pool) => pool.address) ?? [];
  try {
    return await use({
      config,
      rpc,
      reader: new ChainReader(rpc),
      pools: config.POOLS.length > 0 ? config.POOLS : embeddedPools,
      jupiterUrl: jupiterUrlOf(config, localnet),
      symbols: new Map(localnet?.mints.map(({ address, symbol }) => [address as string, symbol])),
    });
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}
