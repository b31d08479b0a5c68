/** The life of a trade, wired: risk, signing, sending, confirming, and the desk that leads through them. */
import { AttemptTracker } from '../confirm/attempt-tracker.js';
import type { TradeDesk } from '../lifecycle/trade-desk.js';
import { StopGate } from '../risk/stop-gate.js';
import { TransactionSender } from '../send/transaction-sender.js';
import type { AdaptiveBuilder } from '../threads/adaptive-builder.js';
import type { Begun } from './begin-market.js';
import { createDesk } from './create-desk.js';
import { createRisk, type Risk } from './create-risk.js';
import { laneGuard } from './endpoint-breakers.js';
import type { ExecutorOptions } from './executor-options.js';
import { HotPath } from './hot-path.js';
import type { MarketData } from './market-data.js';
import type { Chain } from './open-chain.js';
import { type Jupiter, openJupiter } from './open-jupiter.js';
import { openLanes } from './open-lanes.js';
import type { Stores } from './open-stores.js';
import type { SharedSwitch } from './share-kill-switch.js';
import { startBuilder } from './signing.js';

export interface TradePathParts extends Chain, Begun, Stores, SharedSwitch {
  readonly market: MarketData;
}

export interface TradePath {
  /** Undefined where Jupiter is not asked. */
  readonly jupiter: Jupiter | undefined;
  readonly risk: Risk;
  readonly builder: AdaptiveBuilder;
  readonly gate: StopGate;
  readonly sender: TransactionSender;
  readonly tracker: AttemptTracker;
  readonly desk: TradeDesk;
  readonly hotPath: HotPath;
}

/**
 * Takes no trade by itself.
 * @throws HotslotError CONFIG_INVALID for a mint list that cannot be read
 */
export function createTradePath(options: ExecutorOptions, parts: TradePathParts): TradePath {
  const { market, keys, killSwitch, breakers } = parts;
  const { wallets } = keys;
  const jupiter = openJupiter({ ...options, breakers, pools: market.book });
  const prices = jupiter?.prices;
  const risk = createRisk({ ...options, market, killSwitch, wallets, holdings: parts.holdings, prices });
  // The builder looks at the queue of the desk, which is put together with the builder.
  let queueDepth = () => 0;
  const { builder, routes } = startBuilder({
    ...options,
    market,
    keys: keys.ring,
    queueDepth: () => queueDepth(),
  });
  const gate = new StopGate(killSwitch);
  const sender = createSender(options, parts, gate);
  const tracker = createTracker(options, parts);
  const { admission } = risk;
  const desk = createDesk({ ...options, ...parts, builder, gate, sender, tracker, admission });
  queueDepth = () => desk.scheduler.startableCount + 1;
  const hotPath = new HotPath({ ...options, desk, sender, killSwitch, market, routes, wallets });
  return { jupiter, risk, builder, gate, sender, tracker, desk, hotPath };
}

function createSender(
  { config, endpoints, clock }: ExecutorOptions,
  { market, breakers }: TradePathParts,
  gate: StopGate,
): TransactionSender {
  return new TransactionSender({
    ...openLanes(config, endpoints.rpc, clock),
    gate,
    clock,
    blockMs: () => market.cache.slots.observedBlockMs(),
    guard: laneGuard(breakers),
  });
}

function createTracker({ clock, log }: ExecutorOptions, { market, reader }: TradePathParts): AttemptTracker {
  return new AttemptTracker({
    slots: market.cache.slots,
    statuses: reader,
    clock,
    get streamName() {
      return market.streamName;
    },
    onPollError: (error) => log.warn('statuses could not be asked for', { error }),
  });
}
