/** A process with the embedded cluster's own Yellowstone server, fed with account updates by hand. */
import { startGeyser } from '../../localnet/geyser/start-geyser.js';
import { serveHelper } from './child.js';
import { type FedUpdates, NO_LEDGER, SyntheticFeed } from './synthetic-feed.js';

/** Swaps a turn of the event loop while the client keeps up. */
const SWAPS_A_TURN = 128;
const SWAPS_A_SLOT = 2_000;
const REPLAY_SLOTS = 2;
/** Updates that may wait for the client before the feed pauses. */
const BACKLOG_MAX = 20_000;
const PACE_MS = 5;

export interface StreamServerOptions {
  readonly pools: number;
}

export interface PushOptions {
  /** Account updates a second; 0 pushes as fast as clients take them. */
  readonly rate: number;
  readonly durationMs: number;
}

let push: ((options: PushOptions) => Promise<FedUpdates>) | undefined;
let close: (() => Promise<void>) | undefined;

serveHelper(
  {
    start: async ({ pools }: StreamServerOptions) => {
      const feed = new SyntheticFeed(pools);
      const server = await startGeyser({
        ledger: NO_LEDGER,
        feed,
        host: '127.0.0.1',
        port: 0,
        replaySlots: REPLAY_SLOTS,
      });
      close = () => server.close();
      push = (options) => pushUpdates(feed, options, () => server.backlog());
      return { port: server.port };
    },
    push: (options: PushOptions) => push?.(options),
  },
  () => close?.(),
);

/** @returns what was pushed this time */
async function pushUpdates(
  feed: SyntheticFeed,
  { rate, durationMs }: PushOptions,
  backlog: () => number,
): Promise<FedUpdates> {
  const before = feed.fed;
  const fed = () => feed.fed.updates - before.updates;
  const startedMs = performance.now();
  let swaps = 0;
  const swapOnce = (): void => {
    feed.swap();
    swaps += 1;
    if (swaps % SWAPS_A_SLOT === 0) feed.nextSlot();
  };
  for (;;) {
    const elapsedMs = performance.now() - startedMs;
    if (elapsedMs >= durationMs) return { updates: fed(), proof: feed.fed.proof - before.proof };
    if (rate > 0) {
      while (fed() < (rate * elapsedMs) / 1000) swapOnce();
      await new Promise((resolve) => setTimeout(resolve, PACE_MS));
    } else {
      for (let index = 0; index < SWAPS_A_TURN && backlog() < BACKLOG_MAX; index += 1) swapOnce();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
