/** What the executor's reader does for a cache, over a cluster's own JSON-RPC: accounts at confirmed. */
import type { FetchedAnswer } from '../../src/cache/refetcher.js';
import { type Address, asSlot } from '../../src/model/brands.js';
import { call } from '../localnet/cluster-rpc.js';

interface RpcAnswer {
  readonly context: { readonly slot: number };
  readonly value: readonly ({ lamports: number; owner: string; data: [string, string] } | null)[];
}

export function clusterFetch(rpcUrl: string) {
  return async (asked: readonly Address[], minContextSlot: number): Promise<FetchedAnswer> => {
    const options = { encoding: 'base64', commitment: 'confirmed', minContextSlot };
    const { context, value } = await call<RpcAnswer>(rpcUrl, 'getMultipleAccounts', [asked, options]);
    const accounts = value.map((one) =>
      one === null
        ? undefined
        : {
            lamports: BigInt(one.lamports),
            owner: one.owner as Address,
            data: Buffer.from(one.data[0], 'base64'),
          },
    );
    return { contextSlot: asSlot(context.slot), accounts };
  };
}
