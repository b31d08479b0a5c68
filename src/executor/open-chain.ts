/** How the chain is read: a client for each RPC node, the endpoints' breakers, and whoever asks through them. */
import type { BreakerRegistry } from '../risk/breakers.js';
import { ChainReader } from '../send/chain-reader.js';
import type { RpcClient } from '../send/rpc-client.js';
import { RpcPool } from '../send/rpc-pool.js';
import { nodeGuard, openBreakers } from './endpoint-breakers.js';
import type { ExecutorOptions } from './executor-options.js';
import { openRpcClients } from './rpc-clients.js';

/** Connections for reads, beside the sending ones. */
const READ_CONNECTIONS = 4;

export interface Chain {
  readonly clients: readonly RpcClient[];
  /** Those of the streams as well. */
  readonly breakers: BreakerRegistry;
  readonly rpc: RpcPool;
  readonly reader: ChainReader;
}

/** Asks nobody anything yet. */
export function openChain({ config, endpoints, clock, log }: ExecutorOptions): Chain {
  const clients = openRpcClients(endpoints.rpc, {
    connections: READ_CONNECTIONS,
    timeoutMs: config.RPC_TIMEOUT_MS,
  });
  const breakers = openBreakers(endpoints, clock, log);
  const rpc = new RpcPool(clients, clock, nodeGuard(breakers));
  return { clients, breakers, rpc, reader: new ChainReader(rpc) };
}
