/** Which wallet a trade gets, and what is reserved for it until its end. */
import type { AccountView } from '../cache/types.js';
import { HotslotError } from '../errors/hotslot-error.js';
import type { Admission, AdmissionRequest } from '../lifecycle/ports.js';
import { tokenAccountAmount } from '../market/raydium-cpmm-layout.js';
import type { PoolKeys } from '../market/types.js';
import type { Address, TradeId } from '../model/brands.js';
import type { Trade } from '../model/trade.js';
import { TokenAccountBook } from './token-account-book.js';

export interface TradingWallet {
  readonly name: string;
  readonly address: Address;
}

export interface WalletAdmissionOptions {
  readonly wallets: () => readonly TradingWallet[];
  readonly accounts: AccountView;
  readonly poolKeys: (pool: Address) => PoolKeys | undefined;
  /** Lamports that a wallet keeps after the fees of its live trades. */
  readonly minWalletLamports: bigint;
  /** Most lamports that one transaction of ours can cost in fees and rent. */
  readonly maxCostLamports: bigint;
}

interface Reservation {
  readonly wallet: Address;
  readonly mint: Address;
  readonly amount: bigint;
}

export class WalletAdmission implements Admission {
  readonly #options: WalletAdmissionOptions;
  readonly #tokenAccounts = new TokenAccountBook();
  readonly #reserved = new Map<TradeId, Reservation>();
  /** Live trades by wallet. */
  readonly #live = new Map<Address, number>();
  /** Reserved base units by `wallet mint`. */
  readonly #amounts = new Map<string, bigint>();

  constructor(options: WalletAdmissionOptions) {
    this.#options = options;
  }

  admit({ tradeId, intent, route, limit }: AdmissionRequest): { wallet: Address } {
    const most = intent.mode === 'exactIn' ? intent.amount : limit;
    const candidates = this.#candidates(intent.wallet);
    const funded = candidates.filter(
      (wallet) => intent.dryRun || this.#isFunded(wallet.address, intent.inputMint, most, route.keys),
    );
    const chosen = funded.reduce<TradingWallet | undefined>(
      (best, wallet) =>
        best === undefined || this.#liveOf(wallet.address) < this.#liveOf(best.address) ? wallet : best,
      undefined,
    );
    if (chosen === undefined) {
      throw new HotslotError('INSUFFICIENT_FUNDS', {
        context: { mint: intent.inputMint, needed: most.toString() },
      });
    }
    if (!intent.dryRun)
      this.#reserve(tradeId, { wallet: chosen.address, mint: intent.inputMint, amount: most });
    return { wallet: chosen.address };
  }

  readmit(trade: Trade): void {
    if (this.#reserved.has(trade.id)) return;
    const amount = trade.intent.mode === 'exactIn' ? trade.intent.amount : trade.limit;
    this.#reserve(trade.id, { wallet: trade.wallet, mint: trade.intent.inputMint, amount });
  }

  release(tradeId: TradeId): void {
    const reservation = this.#reserved.get(tradeId);
    if (reservation === undefined) return;
    this.#reserved.delete(tradeId);
    this.#change(reservation, -1);
  }

  settle(): void {}

  liveOf(wallet: Address): number {
    return this.#liveOf(wallet);
  }

  #candidates(asked: string | undefined): readonly TradingWallet[] {
    const wallets = this.#options.wallets();
    if (asked === undefined) return wallets;
    const named = wallets.filter((wallet) => wallet.name === asked || wallet.address === asked);
    if (named.length === 0) throw new HotslotError('WALLET_UNKNOWN', { field: 'wallet' });
    return named;
  }

  #isFunded(wallet: Address, mint: Address, most: bigint, keys: PoolKeys): boolean {
    const program = keys.mint0 === mint ? keys.tokenProgram0 : keys.tokenProgram1;
    const account = this.#options.accounts.get(this.#tokenAccounts.addressOf(wallet, mint, program));
    const held = account === undefined || account.data.length < 72 ? 0n : tokenAccountAmount(account.data);
    const lamports = this.#options.accounts.get(wallet)?.lamports ?? 0n;
    const costs = this.#options.maxCostLamports * BigInt(this.#liveOf(wallet) + 1);
    const free = held - (this.#amounts.get(`${wallet} ${mint}`) ?? 0n);
    return free >= most && lamports - costs >= this.#options.minWalletLamports;
  }

  #reserve(tradeId: TradeId, reservation: Reservation): void {
    this.#reserved.set(tradeId, reservation);
    this.#change(reservation, 1);
  }

  #change({ wallet, mint, amount }: Reservation, sign: 1 | -1): void {
    this.#live.set(wallet, this.#liveOf(wallet) + sign);
    const key = `${wallet} ${mint}`;
    const total = (this.#amounts.get(key) ?? 0n) + BigInt(sign) * amount;
    if (total === 0n) this.#amounts.delete(key);
    else this.#amounts.set(key, total);
  }

  #liveOf(wallet: Address): number {
    return this.#live.get(wallet) ?? 0;
  }
}
