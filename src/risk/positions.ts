import type { Address, Signature, Slot } from '../model/brands.js';
import type { TransactionUpdate } from '../stream/types.js';
import { SOL_MINT } from './balance-changes.js';

/** Newest signatures remembered, so that one transaction told by two streams counts once. */
export const MAX_REMEMBERED_SIGNATURES = 16_384;

interface Wallet {
  /** Transactions up to this slot are in the fetched balances already. */
  baselineSlot: number;
  lamports: bigint;
  readonly tokens: Map<Address, bigint>;
}

export interface PositionRow {
  readonly wallet: Address;
  readonly mint: Address;
  readonly amount: bigint;
}

/** What our wallets hold by confirmed balances: deposits and sweeps included, since they are held or gone. */
export class Positions {
  readonly #wallets = new Map<Address, Wallet>();
  readonly #seen = new Set<Signature>();

  /** Balances as fetched at confirmed, in answer to a context slot. */
  reset(
    wallet: Address,
    balances: {
      readonly slot: Slot;
      readonly lamports: bigint;
      readonly tokens: ReadonlyMap<Address, bigint>;
    },
  ): void {
    this.#wallets.set(wallet, {
      baselineSlot: balances.slot,
      lamports: balances.lamports,
      tokens: new Map(balances.tokens),
    });
  }

  /** A transaction that is confirmed. Returns false for one that was counted before. */
  apply(transaction: TransactionUpdate): boolean {
    if (this.#seen.has(transaction.signature)) return false;
    this.#seen.add(transaction.signature);
    if (this.#seen.size > MAX_REMEMBERED_SIGNATURES) {
      const oldest = this.#seen.values().next();
      if (!oldest.done) this.#seen.delete(oldest.value);
    }
    for (const [address, wallet] of this.#wallets) {
      if (transaction.slot <= wallet.baselineSlot) continue;
      const index = transaction.accountKeys.indexOf(address);
      if (index >= 0)
        wallet.lamports += (transaction.postBalances[index] ?? 0n) - (transaction.preBalances[index] ?? 0n);
      for (const balance of transaction.preTokenBalances)
        this.#move(wallet, address, balance, -balance.amount);
      for (const balance of transaction.postTokenBalances)
        this.#move(wallet, address, balance, balance.amount);
    }
    return true;
  }

  #move(wallet: Wallet, address: Address, balance: { owner: Address; mint: Address }, delta: bigint): void {
    if (balance.owner !== address) return;
    wallet.tokens.set(balance.mint, (wallet.tokens.get(balance.mint) ?? 0n) + delta);
  }

  /** Lamports of the wallet's own account, wrapped SOL apart. */
  lamports(wallet: Address): bigint {
    return this.#wallets.get(wallet)?.lamports ?? 0n;
  }

  /** Tokens of a mint, wrapped SOL for SOL_MINT. */
  tokens(wallet: Address, mint: Address): bigint {
    return this.#wallets.get(wallet)?.tokens.get(mint) ?? 0n;
  }

  /** Over all wallets; SOL in both forms. */
  total(mint: Address): bigint {
    let total = 0n;
    for (const wallet of this.#wallets.values()) {
      total += wallet.tokens.get(mint) ?? 0n;
      if (mint === SOL_MINT) total += wallet.lamports;
    }
    return total;
  }

  /** Every mint that some wallet holds. */
  mints(): Address[] {
    const mints = new Set<Address>();
    for (const wallet of this.#wallets.values()) {
      if (wallet.lamports > 0n) mints.add(SOL_MINT);
      for (const [mint, amount] of wallet.tokens) if (amount > 0n) mints.add(mint);
    }
    return [...mints];
  }

  rows(): PositionRow[] {
    const rows: PositionRow[] = [];
    for (const [address, wallet] of this.#wallets) {
      const sol = wallet.lamports + (wallet.tokens.get(SOL_MINT) ?? 0n);
      if (sol !== 0n) rows.push({ wallet: address, mint: SOL_MINT, amount: sol });
      for (const [mint, amount] of wallet.tokens) {
        if (amount !== 0n && mint !== SOL_MINT) rows.push({ wallet: address, mint, amount });
      }
    }
    return rows;
  }
}
