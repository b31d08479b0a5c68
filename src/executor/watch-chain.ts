/** The chain, watched beside the trading: what others pay, how far its nodes are, and whether they answer at all. */
import { SlotLagPoll } from '../send/slot-lag-poll.js';
import type { Clock, TimerHandle } from '../time/clock.js';
import type { TradePath, TradePathParts } from './create-trade-path.js';
import type { ExecutorOptions } from './executor-options.js';
import { FeeWatch } from './fee-watch.js';

export interface ChainWatch {
  close(): void;
}

export function watchChain(options: ExecutorOptions, parts: TradePathParts & TradePath): ChainWatch {
  const { clock, random } = options;
  const { rpc, market } = parts;
  const fees = watchFees(options, parts);
  const lagPoll = new SlotLagPoll({ pool: rpc, clock, random, newestSlot: () => market.cache.slots.head() });
  const outages = watchOutages(clock, parts);
  const close = () => {
    outages.cancel();
    lagPoll.close();
    fees?.close();
  };
  return { close };
}

/** Undefined where the price does not follow the chain. */
function watchFees(
  { config, clock, log }: ExecutorOptions,
  { market, reader }: TradePathParts,
): FeeWatch | undefined {
  if (config.PRIORITY_FEE_PERCENTILE === 0) return undefined;
  return new FeeWatch({
    reader,
    pools: () => market.book.pools(),
    setFeeLevelMicroLamports: (pool, microLamports) =>
      market.board.setFeeLevelMicroLamports(market.feed.indexOf(pool), microLamports),
    clock,
    percentile: config.PRIORITY_FEE_PERCENTILE,
    pollMs: config.PRIORITY_FEE_POLL_MS,
    onFault: (error) =>
      log.warn('a node could not be asked what others pay; the last prices stand', { error }),
  });
}

const OUTAGE_CHECK_MS = 500;

/** Tells the automatic trips whether stream and RPC answer at all. */
function watchOutages(clock: Clock, { risk, market, rpc }: TradePathParts & TradePath): TimerHandle {
  return clock.every(OUTAGE_CHECK_MS, () => {
    risk.trips.streamIsUp(market.streamStatus === 'live');
    risk.trips.rpcIsUp(!rpc.isDown);
  });
}
