/**
 * What our wallets hold by confirmed balances, read from the accounts that the stream keeps: deposits and sweeps are
 * in it, since they are held or gone. A gap repairs itself, because the accounts are fetched again.
 */
import type { AccountView } from '../cache/types.js';
import { tokenAccountAmount } from '../market/raydium-cpmm-layout.js';
import type { Address, Slot } from '../model/brands.js';
import { SOL_MINT } from './balance-changes.js';

/** Shorter account data is no token account. */
const TOKEN_ACCOUNT_BYTES = 165;

export interface PositionRow {
  readonly wallet: Address;
  readonly mint: Address;
  readonly amount: bigint;
}

/** What the limits read of positions. */
export interface PositionView {
  /** Lamports of the wallet's own account, wrapped SOL apart. */
  lamports(wallet: Address): bigint;
  /** Tokens of a mint, wrapped SOL for SOL_MINT. */
  tokens(wallet: Address, mint: Address): bigint;
  /** Over all wallets; SOL in both forms. */
  total(mint: Address): bigint;
  /** Every mint that some wallet holds. */
  mints(): Address[];
  /** Non-zero positions; SOL in both forms on one row. */
  rows(): PositionRow[];
  /**
   * Whether the wallet's lamports and its tokens of these mints hold everything up to a slot. Nothing is held of a
   * wallet that is none of ours any more, so that nothing of it is missing either.
   */
  areWholeThrough(wallet: Address, mints: readonly Address[], slot: Slot): boolean;
  /** Whether it is known at all what the wallet holds of SOL and of the mint; until then both count as nothing. */
  areRead(wallet: Address, mint: Address): boolean;
}

/** Confirmed accounts, and how far they are whole. */
export interface ConfirmedAccounts extends Pick<AccountView, 'getConfirmed'> {
  isConfirmedThrough(address: Address, slot: Slot): boolean;
}

export interface Holding {
  readonly wallet: Address;
  readonly mint: Address;
  readonly tokenAccount: Address;
}

export class AccountPositions implements PositionView {
  readonly #accounts: ConfirmedAccounts;
  readonly #byWallet = new Map<Address, Map<Address, Address>>();

  constructor(accounts: ConfirmedAccounts, wallets: readonly Address[], holdings: readonly Holding[]) {
    this.#accounts = accounts;
    this.add(wallets, holdings);
  }

  /** From now on these count too. */
  add(wallets: readonly Address[], holdings: readonly Holding[]): void {
    for (const wallet of wallets) this.#byWallet.set(wallet, new Map());
    for (const { wallet, mint, tokenAccount } of holdings)
      this.#byWallet.get(wallet)?.set(mint, tokenAccount);
  }

  lamports(wallet: Address): bigint {
    return this.#accounts.getConfirmed(wallet)?.lamports ?? 0n;
  }

  tokens(wallet: Address, mint: Address): bigint {
    const address = this.#byWallet.get(wallet)?.get(mint);
    const account = address === undefined ? undefined : this.#accounts.getConfirmed(address);
    return account === undefined || account.data.length < TOKEN_ACCOUNT_BYTES
      ? 0n
      : tokenAccountAmount(account.data);
  }

  total(mint: Address): bigint {
    let total = 0n;
    for (const wallet of this.#byWallet.keys()) {
      total += this.tokens(wallet, mint);
      if (mint === SOL_MINT) total += this.lamports(wallet);
    }
    return total;
  }

  areWholeThrough(wallet: Address, mints: readonly Address[], slot: Slot): boolean {
    const tokenAccounts = this.#byWallet.get(wallet);
    if (tokenAccounts === undefined) return true;
    return [wallet, ...mints.map((mint) => tokenAccounts.get(mint))].every(
      (address) => address === undefined || this.#accounts.isConfirmedThrough(address, slot),
    );
  }

  areRead(wallet: Address, mint: Address): boolean {
    return [wallet, this.#byWallet.get(wallet)?.get(mint)].every(
      (address) => address === undefined || this.#accounts.getConfirmed(address) !== undefined,
    );
  }

  mints(): Address[] {
    const mints = new Set<Address>();
    for (const { mint } of this.rows()) mints.add(mint);
    return [...mints];
  }

  rows(): PositionRow[] {
    const rows: PositionRow[] = [];
    for (const [wallet, byMint] of this.#byWallet) {
      const sol = this.lamports(wallet) + this.tokens(wallet, SOL_MINT);
      if (sol !== 0n) rows.push({ wallet, mint: SOL_MINT, amount: sol });
      for (const mint of byMint.keys()) {
        const amount = mint === SOL_MINT ? 0n : this.tokens(wallet, mint);
        if (amount !== 0n) rows.push({ wallet, mint, amount });
      }
    }
    return rows;
  }
}
