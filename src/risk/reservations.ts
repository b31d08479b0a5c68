import type { Address, TradeId } from '../model/brands.js';

/** The worst that a live trade can still do, until its end is proven. */
export interface Reservation {
  readonly tradeId: TradeId;
  readonly wallet: Address;
  readonly inputMint: Address;
  readonly outputMint: Address;
  /** Most that may be spent of the input, base units. */
  readonly mostIn: bigint;
  /** Most that may come of the output, base units. */
  readonly mostOut: bigint;
  /** Most lamports for fees, tips and rent. */
  readonly feeLamports: bigint;
}

/**
 * Sums of what all live trades have reserved. Spending counts against a wallet's funds; what may be bought
 * counts for a mint's position; a sale under way lowers no position, since it may fail.
 */
export class Reservations {
  readonly #byTrade = new Map<TradeId, Reservation>();
  /** By mint, then by wallet. */
  readonly #spending = new Map<Address, Map<Address, bigint>>();
  readonly #buying = new Map<Address, bigint>();
  readonly #fees = new Map<Address, bigint>();
  readonly #count = new Map<Address, number>();

  add(reservation: Reservation): void {
    if (this.#byTrade.has(reservation.tradeId))
      throw new Error(`trade ${reservation.tradeId} is reserved already`);
    this.#byTrade.set(reservation.tradeId, reservation);
    this.#change(reservation, 1n);
  }

  /** Returns whether there was one. */
  release(tradeId: TradeId): boolean {
    const reservation = this.#byTrade.get(tradeId);
    if (reservation === undefined) return false;
    this.#byTrade.delete(tradeId);
    this.#change(reservation, -1n);
    return true;
  }

  get(tradeId: TradeId): Reservation | undefined {
    return this.#byTrade.get(tradeId);
  }

  get size(): number {
    return this.#byTrade.size;
  }

  spending(wallet: Address, mint: Address): bigint {
    return this.#spending.get(mint)?.get(wallet) ?? 0n;
  }

  buying(mint: Address): bigint {
    return this.#buying.get(mint) ?? 0n;
  }

  fees(wallet: Address): bigint {
    return this.#fees.get(wallet) ?? 0n;
  }

  liveTrades(wallet: Address): number {
    return this.#count.get(wallet) ?? 0;
  }

  /** Mints are few: an empty map of one may stay. */
  #spendingOf(mint: Address): Map<Address, bigint> {
    let byWallet = this.#spending.get(mint);
    if (byWallet === undefined) {
      byWallet = new Map();
      this.#spending.set(mint, byWallet);
    }
    return byWallet;
  }

  #change(reservation: Reservation, sign: bigint): void {
    const { wallet, inputMint, outputMint } = reservation;
    move(this.#spendingOf(inputMint), wallet, sign * reservation.mostIn);
    move(this.#buying, outputMint, sign * reservation.mostOut);
    move(this.#fees, wallet, sign * reservation.feeLamports);
    const count = (this.#count.get(wallet) ?? 0) + Number(sign);
    if (count === 0) this.#count.delete(wallet);
    else this.#count.set(wallet, count);
  }
}

function move<Key>(sums: Map<Key, bigint>, key: Key, delta: bigint): void {
  const sum = (sums.get(key) ?? 0n) + delta;
  if (sum === 0n) sums.delete(key);
  else sums.set(key, sum);
}
