/** Where to reach the chain: as configured, or as the embedded cluster said. */
import type { Config } from '../config/config.js';
import type { LocalnetInfo } from '../embedded/localnet-process.js';
import type { Address } from '../model/brands.js';

export interface Endpoints {
  readonly yellowstone: readonly string[];
  readonly xToken: string | undefined;
  readonly rpc: readonly string[];
  readonly pools: readonly Address[];
  readonly lookupTables: readonly Address[];
  /** For people. */
  readonly cluster: string;
}

export function endpointsOf(config: Config, embedded: LocalnetInfo | undefined): Endpoints {
  if (embedded === undefined) {
    return {
      yellowstone: config.YELLOWSTONE_ENDPOINTS,
      xToken: config.YELLOWSTONE_X_TOKEN,
      rpc: config.RPC_ENDPOINTS,
      pools: config.POOLS,
      lookupTables: config.LOOKUP_TABLES,
      cluster: config.YELLOWSTONE_ENDPOINTS.join(', '),
    };
  }
  const configured = config.POOLS;
  return {
    yellowstone: [embedded.grpcEndpoint],
    xToken: undefined,
    rpc: [embedded.rpcUrl],
    pools: configured.length > 0 ? configured : embedded.pools.map((pool) => pool.address),
    lookupTables: embedded.lookupTables,
    cluster: `the embedded cluster (RPC ${embedded.rpcUrl})`,
  };
}
