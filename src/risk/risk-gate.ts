import { HotslotError } from '../errors/hotslot-error.js';
import type { PoolKeys } from '../market/types.js';
import type { Address } from '../model/brands.js';
import type { Clock } from '../time/clock.js';
import { SOL_MINT } from './balance-changes.js';
import type { KillSwitch } from './kill-switch.js';
import type { MintLists } from './mint-lists.js';
import type { PnlBook, Valuation } from './pnl.js';
import type { PositionView } from './positions.js';
import type { ReferenceGuard } from './reference-guard.js';
import type { Reservation, Reservations } from './reservations.js';

/** Every limit is off where it is absent. Quote amounts are base units of the quote currency. */
export interface RiskLimits {
  readonly maxTradeQuote?: bigint;
  readonly maxSlippageBps?: number;
  readonly maxPriceImpactBps?: number;
  /** Base units of a mint that may be held, over all wallets. */
  readonly maxPositionByMint?: ReadonlyMap<Address, bigint>;
  /** Worth of any one mint but the quote mint that may be held. */
  readonly maxPositionQuote?: bigint;
  /** Share of everything held that one mint but the quote mint may have, 1 to 10,000. */
  readonly maxConcentrationBps?: number;
  readonly maxDailyLossQuote?: bigint;
  readonly maxDrawdownQuote?: bigint;
  readonly maxTradesPerSecond?: number;
  readonly maxLiveTradesPerWallet?: number;
  /** Lamports that stay in a wallet after fees and rent of all its live trades. */
  readonly minWalletLamports?: bigint;
}

const A_SECOND_US = 1_000_000;
/** Largest MAX_TRADES_PER_SECOND that can be counted. */
export const MAX_COUNTED_TRADES_PER_SECOND = 100_000;

export interface RiskRequest extends Reservation {
  readonly slippageBps: number;
  readonly priceImpactBps: number;
  /** Of the pool that it goes to; absent: its price is compared with nothing. */
  readonly poolKeys?: PoolKeys;
}

/**
 * Risk before signing. `accept` checks a trade against the confirmed position plus the worst case of every
 * live trade and reserves its own in the same synchronous step: of many trades at once, no two can each
 * pass alone.
 */
export class RiskGate {
  readonly #clock: Clock;
  readonly #limits: RiskLimits;
  readonly #killSwitch: Pick<KillSwitch, 'mayAccept' | 'status'>;
  readonly #lists: MintLists | undefined;
  readonly #positions: PositionView;
  readonly #reservations: Reservations;
  readonly #pnl: PnlBook;
  readonly #valuation: Valuation;
  readonly #quoteMint: Address;
  readonly #referenceGuard: ReferenceGuard | undefined;
  /** Monotonic times of the trades accepted within the last second, oldest first. */
  #acceptedAtUs: number[] = [];

  constructor(parts: {
    clock: Clock;
    limits: RiskLimits;
    killSwitch: Pick<KillSwitch, 'mayAccept' | 'status'>;
    lists?: MintLists;
    positions: PositionView;
    reservations: Reservations;
    pnl: PnlBook;
    valuation: Valuation;
    quoteMint: Address;
    referenceGuard?: ReferenceGuard;
  }) {
    this.#clock = parts.clock;
    this.#limits = parts.limits;
    this.#killSwitch = parts.killSwitch;
    this.#lists = parts.lists;
    this.#positions = parts.positions;
    this.#reservations = parts.reservations;
    this.#pnl = parts.pnl;
    this.#valuation = parts.valuation;
    this.#quoteMint = parts.quoteMint;
    this.#referenceGuard = parts.referenceGuard;
    if ((this.#limits.maxTradesPerSecond ?? 0) > MAX_COUNTED_TRADES_PER_SECOND) {
      throw new HotslotError('CONFIG_INVALID', { field: 'maxTradesPerSecond' });
    }
  }

  /**
   * Whether a trade shrinks a position: what it spends is held (by confirmed balances, beyond what live
   * trades spend already) and is not the quote mint, and what it buys is the quote mint or SOL.
   */
  #shrinksPosition(request: Pick<Reservation, 'wallet' | 'inputMint' | 'outputMint' | 'mostIn'>): boolean {
    const { wallet, inputMint, outputMint, mostIn } = request;
    if (inputMint === this.#quoteMint) return false;
    if (outputMint !== this.#quoteMint && outputMint !== SOL_MINT) return false;
    return this.#freeTokens(wallet, inputMint) >= mostIn;
  }

  /**
   * Checks and reserves. `Reservations.release` ends it, once confirmed balances hold the landing.
   * @returns whether it shrinks a position
   * @throws HotslotError KILL_SWITCH_ACTIVE, MINT_DENIED, RISK_LIMIT (context.limit names it), PRICE_IMPACT,
   *   REFERENCE_DEVIATION, REFERENCE_UNKNOWN, INSUFFICIENT_FUNDS, RATE_LIMITED
   */
  accept(request: RiskRequest): boolean {
    const shrinks = this.#shrinksPosition(request);
    this.#checkSwitch(shrinks);
    this.#checkLimits(request, shrinks);
    this.#reservations.add(request);
    this.#acceptedAtUs.push(this.#clock.monotonicUs());
    return shrinks;
  }

  /**
   * Every limit of `accept`, for dry runs: the kill switch lets them pass in any grade, and nothing is reserved or
   * counted. @throws HotslotError as `accept` does, but for KILL_SWITCH_ACTIVE
   */
  check(request: RiskRequest): void {
    this.#checkLimits(request, this.#shrinksPosition(request));
  }

  #checkSwitch(shrinks: boolean): void {
    if (this.#killSwitch.mayAccept(shrinks)) return;
    const { grade, reason } = this.#killSwitch.status();
    throw new HotslotError('KILL_SWITCH_ACTIVE', {
      context: { grade: grade ?? 'stop', reason: reason ?? '' },
    });
  }

  #checkLimits(request: RiskRequest, shrinks: boolean): void {
    this.#lists?.check(request.inputMint, 'inputMint');
    this.#lists?.check(request.outputMint, 'outputMint');
    this.#checkTrade(request);
    this.#checkFunds(request);
    // What makes a position smaller must stay possible, however large or costly the position is.
    if (!shrinks) {
      this.#checkPosition(request);
      this.#checkLosses();
    }
    this.#checkRate();
  }

  #checkTrade(request: RiskRequest): void {
    const { maxTradeQuote, maxSlippageBps, maxPriceImpactBps, maxLiveTradesPerWallet } = this.#limits;
    if (maxSlippageBps !== undefined && request.slippageBps > maxSlippageBps) {
      throw exceeded('maxSlippageBps', maxSlippageBps, request.slippageBps, 'slippageBps');
    }
    if (maxPriceImpactBps !== undefined && request.priceImpactBps > maxPriceImpactBps) {
      throw new HotslotError('PRICE_IMPACT', {
        context: { limit: 'maxPriceImpactBps', allowed: maxPriceImpactBps, actual: request.priceImpactBps },
      });
    }
    if (request.poolKeys !== undefined) this.#referenceGuard?.check(request.poolKeys);
    if (maxTradeQuote !== undefined) {
      const worth = this.#worthOf(request.inputMint, request.mostIn, 'maxTradeQuote');
      if (worth > maxTradeQuote) throw exceeded('maxTradeQuote', maxTradeQuote, worth, 'amount');
    }
    const live = this.#reservations.liveTrades(request.wallet) + 1;
    if (maxLiveTradesPerWallet !== undefined && live > maxLiveTradesPerWallet) {
      throw exceeded('maxLiveTradesPerWallet', maxLiveTradesPerWallet, live, 'wallet');
    }
  }

  #checkFunds(request: RiskRequest): void {
    const free = this.#freeTokens(request.wallet, request.inputMint);
    if (free < request.mostIn) {
      throw new HotslotError('INSUFFICIENT_FUNDS', {
        field: 'amount',
        context: { mint: request.inputMint, free: free.toString(), needed: request.mostIn.toString() },
      });
    }
    const { wallet } = request;
    const left = this.#positions.lamports(wallet) - this.#reservations.fees(wallet) - request.feeLamports;
    const least = this.#limits.minWalletLamports ?? 0n;
    if (left < least) {
      throw new HotslotError('INSUFFICIENT_FUNDS', {
        field: 'wallet',
        context: { limit: 'minWalletLamports', left: left.toString(), least: least.toString() },
      });
    }
  }

  #checkPosition(request: RiskRequest): void {
    const { maxPositionByMint, maxPositionQuote, maxConcentrationBps } = this.#limits;
    const mint = request.outputMint;
    const most = maxPositionByMint?.get(mint);
    // The sum over all wallets costs more than every other check: nobody pays for it who has set no such limit.
    if ((most ?? maxPositionQuote ?? maxConcentrationBps) === undefined) return;
    const position = this.#positions.total(mint) + this.#reservations.buying(mint) + request.mostOut;
    if (most !== undefined && position > most) throw exceeded('maxPositionByMint', most, position, 'amount');
    if (mint === this.#quoteMint) return;
    if (maxPositionQuote !== undefined) {
      const worth = this.#worthOf(mint, position, 'maxPositionQuote');
      if (worth > maxPositionQuote) throw exceeded('maxPositionQuote', maxPositionQuote, worth, 'amount');
    }
    if (maxConcentrationBps !== undefined) {
      const worth = this.#worthOf(mint, position, 'maxConcentrationBps');
      const everything = this.#everythingHeld();
      const shareBps = everything === 0n ? 10_000 : Number((worth * 10_000n) / everything);
      if (shareBps > maxConcentrationBps) {
        throw exceeded('maxConcentrationBps', maxConcentrationBps, shareBps, 'amount');
      }
    }
  }

  #checkLosses(): void {
    const { maxDailyLossQuote, maxDrawdownQuote } = this.#limits;
    if (maxDailyLossQuote === undefined && maxDrawdownQuote === undefined) return;
    const { dailyQuote, drawdownQuote, awaited } = this.#pnl.status();
    if (awaited[0] !== undefined) {
      throw noPrice(awaited[0], maxDailyLossQuote === undefined ? 'maxDrawdownQuote' : 'maxDailyLossQuote');
    }
    if (maxDailyLossQuote !== undefined && -dailyQuote >= maxDailyLossQuote) {
      throw exceeded('maxDailyLossQuote', maxDailyLossQuote, -dailyQuote);
    }
    if (maxDrawdownQuote !== undefined && drawdownQuote >= maxDrawdownQuote) {
      throw exceeded('maxDrawdownQuote', maxDrawdownQuote, drawdownQuote);
    }
  }

  #checkRate(): void {
    const limit = this.#limits.maxTradesPerSecond;
    const sinceUs = this.#clock.monotonicUs() - A_SECOND_US;
    const firstWithin = this.#acceptedAtUs.findIndex((atUs) => atUs > sinceUs);
    this.#acceptedAtUs = firstWithin < 0 ? [] : this.#acceptedAtUs.slice(firstWithin);
    if (limit === undefined) this.#acceptedAtUs = [];
    else if (this.#acceptedAtUs.length >= limit)
      throw new HotslotError('RATE_LIMITED', { context: { limit } });
  }

  #freeTokens(wallet: Address, mint: Address): bigint {
    return this.#positions.tokens(wallet, mint) - this.#reservations.spending(wallet, mint);
  }

  #everythingHeld(): bigint {
    let total = 0n;
    for (const mint of this.#positions.mints())
      total += this.#valuation(mint, this.#positions.total(mint)) ?? 0n;
    return total;
  }

  /** A limit in the quote currency cannot be kept for what has no price: such a trade is denied. */
  #worthOf(mint: Address, amount: bigint, limit: string): bigint {
    const worth = this.#valuation(mint, amount);
    if (worth === undefined) throw noPrice(mint, limit);
    return worth;
  }
}

function noPrice(mint: Address, limit: string): HotslotError {
  return new HotslotError('RISK_LIMIT', { detail: 'The mint has no price.', context: { limit, mint } });
}

function exceeded(
  limit: string,
  allowed: bigint | number,
  actual: bigint | number,
  field?: string,
): HotslotError {
  return new HotslotError('RISK_LIMIT', {
    ...(field === undefined ? {} : { field }),
    context: { limit, allowed: allowed.toString(), actual: actual.toString() },
  });
}
