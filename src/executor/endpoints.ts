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
  /** Undefined where Jupiter is not asked. */
  readonly jupiter: string | undefined;
  /** For people. */
  readonly cluster: string;
}

/** Where Jupiter itself is. */
const JUPITER_URL = 'https://api.jup.ag';

/** Host and port of each Yellowstone endpoint; one that is named twice is told apart by a number. */
export function streamNames(endpoints: readonly string[]): string[] {
  return toldApart(endpoints.map((endpoint) => endpoint.replace(/^https?:\/\//, '').replace(/\/$/, '')));
}

/**
 * Host and port of each RPC endpoint. Two keys of one provider differ in path or query, which nobody is shown: they
 * are told apart by a number, in the order of the setting.
 */
export function rpcNames(urls: readonly string[]): string[] {
  return toldApart(urls.map((url) => new URL(url).host));
}

function toldApart(hosts: readonly string[]): string[] {
  return hosts.map((host, index) => {
    const before = hosts.slice(0, index).filter((other) => other === host).length;
    return before === 0 ? host : `${host}#${before + 1}`;
  });
}

export function endpointsOf(config: Config, embedded: LocalnetInfo | undefined): Endpoints {
  if (embedded === undefined) {
    return {
      yellowstone: config.YELLOWSTONE_ENDPOINTS,
      xToken: config.YELLOWSTONE_X_TOKEN,
      rpc: config.RPC_ENDPOINTS,
      pools: config.POOLS,
      lookupTables: config.LOOKUP_TABLES,
      jupiter: jupiterUrlOf(config, undefined),
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
    jupiter: jupiterUrlOf(config, embedded),
    cluster: `the embedded cluster (RPC ${embedded.rpcUrl})`,
  };
}

/** The configured one, the embedded cluster's own, or Jupiter itself where there is a key for it. */
export function jupiterUrlOf(
  config: Pick<Config, 'JUPITER_URL' | 'JUPITER_API_KEY' | 'embedded'>,
  localnet: Pick<LocalnetInfo, 'jupiterUrl'> | undefined,
): string | undefined {
  if (config.JUPITER_URL !== undefined) return config.JUPITER_URL;
  if (config.embedded) return localnet?.jupiterUrl;
  return config.JUPITER_API_KEY === undefined ? undefined : JUPITER_URL;
}
