/** The market's beginning: it is put together, its pools are read, and the stream of pools and wallets begins. */
import type { Holding } from '../risk/positions.js';
import { askUntilAnswered } from '../send/ask-until-answered.js';
import type { StreamRecorder } from '../stream/recorder.js';
import { streamGuard } from './endpoint-breakers.js';
import type { ExecutorOptions } from './executor-options.js';
import { MarketData } from './market-data.js';
import type { Chain } from './open-chain.js';
import { TradingKeys } from './trading-keys.js';

/** Nothing of it is asked or subscribed to yet. */
export function createMarket(
  { config, endpoints, clock, random, log }: ExecutorOptions,
  { reader, breakers }: Chain,
  recorder: StreamRecorder | undefined,
): MarketData {
  return new MarketData({
    endpoints,
    reader,
    recorder,
    clock,
    random,
    log,
    maxStreamAgeMs: config.MAX_STREAM_AGE_MS,
    maxStreamLagSlots: config.STREAM_MAX_LAG_SLOTS,
    streamGuard: streamGuard(breakers),
  });
}

/** What is known once the stream has begun. */
export interface Begun {
  readonly genesisHash: string;
  readonly keys: TradingKeys;
  /** Every token account that a wallet of ours may hold, retired ones included. */
  readonly holdings: readonly Holding[];
}

/**
 * Genesis hash, keys and pools are waited for together; then the stream begins, and gets whole while the rest is
 * opened.
 * @throws HotslotError POOL_UNKNOWN, KEYSTORE_INVALID
 */
export async function beginStream(
  { keystore, clock, log }: ExecutorOptions,
  { reader, market }: Chain & { readonly market: MarketData },
): Promise<Begun> {
  const askGenesis = askUntilAnswered(
    () => reader.genesisHash(),
    clock,
    (error) => log.warn('the genesis hash could not be asked for; trying on', { error }),
  );
  const [genesisHash, opened] = await Promise.all([askGenesis, keystore, market.loadPools()]);
  const keys = new TradingKeys(opened);
  const holdings = market.holdingsOf(keys.all().map((wallet) => wallet.address));
  market.start(holdings, keys.all());
  return { genesisHash, keys, holdings };
}
