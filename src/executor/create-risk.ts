/** Risk, wired: limits, reservations, positions, PnL, lists, and the kill switch that trips by itself. */
import { join } from 'node:path';
import type { Config } from '../config/config.js';
import { mintListPaths } from '../config/mint-list-paths.js';
import type { ReferencePrices } from '../jupiter/reference-prices.js';
import type { Log } from '../logging/log.js';
import { asAddress } from '../model/brands.js';
import { AutoTrips } from '../risk/auto-trips.js';
import type { KillSwitch } from '../risk/kill-switch.js';
import { MintLists } from '../risk/mint-lists.js';
import { PnlBook } from '../risk/pnl.js';
import { AccountPositions, type Holding } from '../risk/positions.js';
import { ReferenceGuard } from '../risk/reference-guard.js';
import { Reservations } from '../risk/reservations.js';
import { RiskGate, type RiskLimits } from '../risk/risk-gate.js';
import type { TradingWallet } from '../schedule/wallet-chooser.js';
import type { Clock } from '../time/clock.js';
import type { MarketData } from './market-data.js';
import { RiskAdmission } from './risk-admission.js';
import { poolCoverage, poolValuation } from './valuation.js';

/** How often the profit and loss is written down; at exit as well. */
const PNL_SAVE_MS = 1_000;
/** Rent of a token account and the base fee: what a transaction can cost beside its priority fee. */
const RENT_AND_FEE_LAMPORTS = 2_044_280n;

export interface Risk {
  readonly admission: RiskAdmission;
  readonly positions: AccountPositions;
  readonly pnl: PnlBook;
  readonly trips: AutoTrips;
  readonly reservations: Reservations;
  readonly lists: MintLists;
  close(): Promise<void>;
}

export interface RiskParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly market: MarketData;
  readonly killSwitch: KillSwitch;
  readonly wallets: readonly TradingWallet[];
  readonly holdings: readonly Holding[];
  /** Jupiter's, for MAX_REFERENCE_DEVIATION_BPS. */
  readonly prices: Pick<ReferencePrices, 'priceOf'> | undefined;
}

/** @throws HotslotError CONFIG_INVALID for a mint list that cannot be read */
export function createRisk(parts: RiskParts): Risk {
  const { config, clock, log, market, killSwitch, wallets, holdings } = parts;
  const quoteMint = asAddress(config.QUOTE_MINT);
  const valuation = poolValuation(market.book, quoteMint);
  // Those too that trade no more and still hold something.
  const addresses = [...new Set(holdings.map((holding) => holding.wallet))];
  const positions = new AccountPositions(market.cache, addresses, holdings);
  const reservations = new Reservations();
  const isPriceable = poolCoverage(market.book, quoteMint);
  const pnl = new PnlBook({ valuation, isPriceable, path: join(config.DATA_DIR, 'pnl.json'), clock });
  const onFault = (fault: string) =>
    log.warn('a mint list cannot be read; the last one stays in force', { error: fault });
  const lists = new MintLists({ clock, ...mintListPaths(config), onFault });
  const gate = new RiskGate({
    clock,
    limits: limitsOf(config),
    killSwitch,
    lists,
    positions,
    reservations,
    pnl,
    valuation,
    quoteMint,
    ...given('referenceGuard', referenceGuardOf(parts)),
  });
  const admission = new RiskAdmission({
    wallets,
    gate,
    reservations,
    positions,
    pnl,
    minWalletLamports: config.MIN_WALLET_LAMPORTS,
    maxCostLamports: config.MAX_PRIORITY_FEE_LAMPORTS + RENT_AND_FEE_LAMPORTS,
  });
  const balancesChanged = () => admission.balancesChanged();
  market.cache.addListener({
    onConfirmed: balancesChanged,
    onSlotComplete: balancesChanged,
    onArmed: balancesChanged,
  });
  const trips = new AutoTrips({ clock, killSwitch, pnl, limits: tripsOf(config) });
  const unsaved = (error: unknown) => log.warn('the profit and loss could not be written down', { error });
  const saver = clock.every(PNL_SAVE_MS, () => void pnl.saveLater().catch(unsaved));
  const close = async () => {
    saver.cancel();
    trips.close();
    lists.close();
    await pnl.save().catch(unsaved);
  };
  return { admission, positions, pnl, trips, reservations, lists, close };
}

/** Undefined where no deviation is limited. */
function referenceGuardOf({ config, market, prices }: RiskParts): ReferenceGuard | undefined {
  if (config.MAX_REFERENCE_DEVIATION_BPS === undefined) return undefined;
  return new ReferenceGuard({
    maxDeviationBps: config.MAX_REFERENCE_DEVIATION_BPS,
    maxAgeMs: config.MAX_REFERENCE_AGE_MS,
    required: config.REFERENCE_PRICE_REQUIRED,
    referenceOf: (mint) => prices?.priceOf(mint),
    snapshotOf: (pool) => market.book.snapshotOf(pool),
  });
}

function limitsOf(config: Config): RiskLimits {
  return {
    maxSlippageBps: config.MAX_SLIPPAGE_BPS,
    maxPriceImpactBps: config.MAX_PRICE_IMPACT_BPS,
    maxTradesPerSecond: config.MAX_TRADES_PER_SECOND,
    maxLiveTradesPerWallet: config.MAX_LIVE_TRADES_PER_WALLET,
    minWalletLamports: config.MIN_WALLET_LAMPORTS,
    ...given('maxTradeQuote', config.MAX_TRADE_QUOTE),
    ...given('maxPositionQuote', config.MAX_POSITION_QUOTE),
    ...given('maxConcentrationBps', config.MAX_CONCENTRATION_BPS),
    ...given('maxDailyLossQuote', config.MAX_DAILY_LOSS_QUOTE),
    ...given('maxDrawdownQuote', config.MAX_DRAWDOWN_QUOTE),
  };
}

function tripsOf(config: Config) {
  return {
    ...given('maxDailyLossQuote', config.MAX_DAILY_LOSS_QUOTE),
    ...given('maxDrawdownQuote', config.MAX_DRAWDOWN_QUOTE),
    ...given('minSuccessRate', config.MIN_SUCCESS_RATE === 0 ? undefined : config.MIN_SUCCESS_RATE),
    ...given('maxStreamDownMs', config.MAX_OUTAGE_MS === 0 ? undefined : config.MAX_OUTAGE_MS),
    ...given('maxRpcDownMs', config.MAX_OUTAGE_MS === 0 ? undefined : config.MAX_OUTAGE_MS),
  };
}

/** A limit that is not set stays absent. */
function given<Name extends string, Value>(name: Name, value: Value | undefined): { [N in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { [N in Name]?: Value };
}
