/** What the paths beside the executor have in common: intents in over HTTP, and the swaps that they name. */
import uWS from 'uWebSockets.js';
import { listenExclusive } from '../../src/control/listen-exclusive.js';
import type { PoolKeys } from '../../src/market/types.js';
import { serveHelper } from './child.js';
import { answer, readBody } from './sink.js';

export interface PathOptions {
  readonly sinkPort: number;
  readonly pools: readonly PoolKeys[];
  readonly wallets: readonly { readonly name: string; readonly secretKey: Uint8Array }[];
  readonly grpcEndpoint: string;
}

/** The fields of an intent that a path reads. */
export interface PathIntent {
  readonly pool: string;
  readonly wallet: string;
  readonly inputMint: string;
  readonly amount: string;
}

/** A path in a process of its own. */
export interface IntentPath {
  /** Builds, signs and sends; resolves with the key by which the sink knows the bytes. */
  take(intent: PathIntent): Promise<string> | string;
  /** Transactions are valid with it from now on. A user would follow blockhashes beside the path, too. */
  useBlockhash(blockhash: string): void;
  /** Follows the pools' accounts, or no longer. */
  follow?(accounts: readonly string[]): Promise<void>;
}

/** Serves POST /api/trades like the executor, and answers the key instead of an id. */
export function servePath(open: (options: PathOptions) => Promise<IntentPath>): void {
  let path: IntentPath | undefined;
  serveHelper({
    start: async (options: PathOptions) => {
      const opened = await open(options);
      path = opened;
      const app = uWS.App();
      app.post('/api/trades', (response) => {
        readBody(response, (body, isGone) => {
          const taken = Promise.resolve(opened.take(JSON.parse(body) as PathIntent));
          void taken.then((key) => {
            if (!isGone()) answer(response, JSON.stringify({ key }));
          });
        });
      });
      return { port: await listenExclusive(app, '127.0.0.1', 0) };
    },
    blockhash: (blockhash: string) => path?.useBlockhash(blockhash),
    follow: (accounts: readonly string[]) => path?.follow?.(accounts),
  });
}

/** The swap that an intent names. */
export function swapOf(
  options: PathOptions,
  intent: PathIntent,
): { readonly keys: PoolKeys; readonly zeroForOne: boolean } {
  const keys = options.pools.find(({ pool }) => pool === intent.pool);
  if (keys === undefined) throw new Error('an intent on an unknown pool');
  return { keys, zeroForOne: keys.mint0 === intent.inputMint };
}
