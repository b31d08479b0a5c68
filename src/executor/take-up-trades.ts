/** The trades of the last life are taken up, and what is still unclear about them is searched for. */
import type { ReplayedState } from '../journal/replayed-state.js';
import type { TradeIndex } from '../journal/trade-index.js';
import type { TradeDesk } from '../lifecycle/trade-desk.js';
import type { Signature } from '../model/brands.js';
import type { Trade } from '../model/trade.js';
import { askUntilAnswered } from '../send/ask-until-answered.js';
import type { Clock, TimerHandle } from '../time/clock.js';
import type { Risk } from './create-risk.js';
import type { TradePath, TradePathParts } from './create-trade-path.js';
import type { ExecutorOptions } from './executor-options.js';
import type { MarketData } from './market-data.js';
import { searchLostAttempts } from './search-lost-attempts.js';
import { StrangerWatch } from './stranger-watch.js';
import { landedForGood, unreadOutcomes } from './unread-outcomes.js';

export interface TakenUp {
  readonly warmUp: TimerHandle;
  readonly lost: { close(): void };
  readonly strangers: StrangerWatch;
}

/** From here on the desk hears of pools, and everybody of our wallets' transactions. */
export function takeUpTrades(options: ExecutorOptions, parts: TradePathParts & TradePath): TakenUp {
  const { clock, log } = options;
  const { market, desk, index, tracker, replayed, risk } = parts;
  const strangers = new StrangerWatch((signature) => isOurs(signature, desk, index), log);
  market.cache.addListener(desk.poolNews);
  market.book.listen(desk.poolNews);
  market.follow(tracker, strangers);
  for (const signature of landedForGood(replayed.trades.values())) risk.pnl.keep(signature);
  const taken = tradesToTakeUp(replayed, risk);
  const warmUp = pauseUntilWarm(desk, market, clock);
  desk.resume(taken, replayed.suspect);
  market.tellHeldTransactions();
  const lost = searchLostAttempts({ ...options, ...parts });
  searchStrangers(strangers, options, parts);
  replayed.forgetTrades();
  return { warmUp, lost, strangers };
}

/** Those without an end or with an outcome to read, in the order in which they came, as the memory keeps them. */
function tradesToTakeUp(replayed: ReplayedState, risk: Risk): Trade[] {
  const unread = unreadOutcomes(replayed.trades.values(), (signature) => risk.pnl.has(signature));
  return [...replayed.live, ...unread].sort((one, other) => (one.id < other.id ? -1 : 1));
}

function isOurs(signature: Signature, desk: TradeDesk, index: TradeIndex): boolean {
  return desk.knowsSignature(signature) || index.hasSignature(signature);
}

/** In the background: trading does not wait for it. */
function searchStrangers(
  strangers: StrangerWatch,
  { clock, log }: ExecutorOptions,
  { reader, keys, replayed }: TradePathParts,
): void {
  const first = replayed.trades.values().next();
  if (first.done) return;
  const { acceptedAtMs } = first.value;
  for (const { address } of keys.wallets) {
    const search = () => strangers.searchHistory(reader, address, acceptedAtMs);
    const failed = (error: unknown) =>
      log.warn("a wallet's history could not be searched for strangers", { wallet: address, error });
    askUntilAnswered(search, clock, failed).catch(failed);
  }
}

const WARM_CHECK_MS = 10;

/** Trades of the last life would be denied as stale before the first blockhash and the pools are here. */
function pauseUntilWarm(desk: TradeDesk, market: MarketData, clock: Clock): TimerHandle {
  desk.scheduler.pause('The executor is warming up.', 'NOT_READY');
  const timer = clock.every(WARM_CHECK_MS, () => {
    const { cache } = market;
    if (cache.blockhashes.newest() === undefined || cache.suspectCount > 0) return;
    timer.cancel();
    desk.begin();
  });
  return timer;
}
