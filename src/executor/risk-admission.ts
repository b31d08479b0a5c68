/** Admission: which wallet a trade gets, whether every limit allows it, and what is reserved until its end. */
import type { Admission, AdmissionRequest } from '../lifecycle/ports.js';
import type { Address, Signature, Slot, TradeId } from '../model/brands.js';
import type { Trade } from '../model/trade.js';
import type { PnlBook } from '../risk/pnl.js';
import type { PositionView } from '../risk/positions.js';
import type { Reservations } from '../risk/reservations.js';
import type { RiskGate, RiskRequest } from '../risk/risk-gate.js';
import { type TradingWallet, WalletChooser } from '../schedule/wallet-chooser.js';
import type { TransactionUpdate } from '../stream/types.js';

const BPS = 10_000n;

export interface RiskAdmissionOptions {
  readonly wallets: readonly TradingWallet[];
  readonly gate: RiskGate;
  readonly reservations: Reservations;
  readonly positions: PositionView;
  readonly pnl: PnlBook;
  /** Lamports that a wallet keeps after fees and rent. */
  readonly minWalletLamports: bigint;
  /** Most lamports that one transaction of ours can cost in fees and rent. */
  readonly maxCostLamports: bigint;
}

export class RiskAdmission implements Admission {
  readonly #options: RiskAdmissionOptions;
  readonly #chooser: WalletChooser;
  /** Live trades that shrink a position, which `reduce` lets go on. */
  readonly #shrinking = new Set<TradeId>();
  /** Wallets of which a damaged journal may have lost what is out. */
  readonly #held = new Set<Address>();
  /** Trades from before a restart that are not settled yet, by wallet. */
  readonly #unsettled = new Map<Address, Set<TradeId>>();
  /**
   * Landed trades whose reservation waits for the balances, with the slot of the landing: a node may have told of it
   * before the stream did, or a gap has left the balances behind.
   */
  readonly #landed = new Map<TradeId, Slot>();

  constructor(options: RiskAdmissionOptions) {
    this.#options = options;
    this.#chooser = new WalletChooser(options.wallets, {
      liveTrades: (wallet) => options.reservations.liveTrades(wallet),
      isFunded: (wallet, mint, amount) => this.#isFunded(wallet, mint, amount),
      isRead: (wallet, mint) => options.positions.areRead(wallet, mint),
      heldBy: (wallet) =>
        this.#held.has(wallet) ? 'journal' : this.#unsettled.has(wallet) ? 'trades' : undefined,
    });
  }

  admit(request: AdmissionRequest): { wallet: Address } {
    const { intent, route, limit } = request;
    const mostIn = intent.mode === 'exactIn' ? intent.amount : limit;
    const wallet = this.#chooser.choose({
      inputMint: intent.inputMint,
      amountIn: mostIn,
      ...(intent.wallet === undefined ? {} : { named: intent.wallet }),
    });
    const risk: RiskRequest = {
      tradeId: request.tradeId,
      wallet: wallet.address,
      inputMint: intent.inputMint,
      outputMint: intent.outputMint,
      mostIn,
      mostOut: this.#mostOut(intent.mode, intent.amount, route.quote.amountOut, intent.slippageBps),
      feeLamports: this.#options.maxCostLamports,
      slippageBps: intent.slippageBps,
      priceImpactBps: route.quote.priceImpactBps,
      poolKeys: route.keys,
    };
    if (intent.dryRun) {
      this.#options.gate.check(risk);
      return { wallet: wallet.address };
    }
    if (this.#options.gate.accept(risk)) this.#shrinking.add(request.tradeId);
    return { wallet: wallet.address };
  }

  readmit(trade: Trade): void {
    const { intent } = trade;
    this.#landed.delete(trade.id);
    if (intent.dryRun || this.#options.reservations.get(trade.id) !== undefined) return;
    this.#options.reservations.add({
      tradeId: trade.id,
      wallet: trade.wallet,
      inputMint: intent.inputMint,
      outputMint: intent.outputMint,
      mostIn: intent.mode === 'exactIn' ? intent.amount : trade.limit,
      mostOut: this.#mostOut(intent.mode, intent.amount, trade.acceptedQuote.amountOut, intent.slippageBps),
      feeLamports: this.#options.maxCostLamports,
    });
    // An attempt that is out may already have spent what the balances still show: its wallet waits.
    if (trade.attempts.length === 0) return;
    const unsettled = this.#unsettled.get(trade.wallet);
    if (unsettled) unsettled.add(trade.id);
    else this.#unsettled.set(trade.wallet, new Set([trade.id]));
  }

  hold(wallet: Address): void {
    this.#held.add(wallet);
  }

  free(wallet: Address): void {
    this.#held.delete(wallet);
  }

  release(tradeId: TradeId, landedSlot?: Slot): void {
    if (landedSlot !== undefined && !this.#isInBalances(tradeId, landedSlot)) {
      this.#landed.set(tradeId, landedSlot);
      return;
    }
    this.#landed.delete(tradeId);
    this.#options.reservations.release(tradeId);
    this.#shrinking.delete(tradeId);
    for (const [wallet, trades] of this.#unsettled) {
      if (trades.delete(tradeId) && trades.size === 0) this.#unsettled.delete(wallet);
    }
  }

  /** The confirmed balances may hold more than before: what waited for that is given back. */
  balancesChanged(): void {
    for (const [tradeId, slot] of this.#landed) this.release(tradeId, slot);
  }

  #isInBalances(tradeId: TradeId, slot: Slot): boolean {
    const reservation = this.#options.reservations.get(tradeId);
    if (reservation === undefined) return true;
    const { wallet, inputMint, outputMint } = reservation;
    return this.#options.positions.areWholeThrough(wallet, [inputMint, outputMint], slot);
  }

  settle(trade: Trade, transaction: TransactionUpdate): void {
    this.#options.pnl.apply(transaction, trade.wallet);
  }

  unsettle(signature: Signature): void {
    this.#options.pnl.revoke(signature);
  }

  keep(signature: Signature): void {
    this.#options.pnl.keep(signature);
  }

  hasSettled(signature: Signature): boolean {
    return this.#options.pnl.has(signature);
  }

  /** Whether a live trade was one that shrinks a position when it was accepted. */
  shrinks(trade: Trade): boolean {
    return this.#shrinking.has(trade.id);
  }

  /** A price may move in our favour before the trade lands; the tolerance is taken as the measure of that. */
  #mostOut(mode: 'exactIn' | 'exactOut', amount: bigint, quotedOut: bigint, slippageBps: number): bigint {
    return mode === 'exactOut' ? amount : (quotedOut * (BPS + BigInt(slippageBps)) + BPS - 1n) / BPS;
  }

  #isFunded(wallet: Address, mint: Address, amount: bigint): boolean {
    const { positions, reservations, maxCostLamports, minWalletLamports } = this.#options;
    const tokens = positions.tokens(wallet, mint) - reservations.spending(wallet, mint);
    const lamports = positions.lamports(wallet) - reservations.fees(wallet) - maxCostLamports;
    return tokens >= amount && lamports >= minWalletLamports;
  }
}
