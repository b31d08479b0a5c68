/** The RPC nodes of the settings, each under a name of its own. */
import { RpcClient } from '../send/rpc-client.js';
import { rpcNames } from './endpoints.js';

/** Asks nobody anything yet. @param options of each of them */
export function openRpcClients(
  urls: readonly string[],
  options: { readonly connections: number; readonly timeoutMs: number },
): RpcClient[] {
  const names = rpcNames(urls);
  return urls.map((url, index) => new RpcClient({ url, endpoint: names[index], ...options }));
}
