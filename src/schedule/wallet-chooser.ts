import { HotslotError } from '../errors/hotslot-error.js';
import type { Address } from '../model/brands.js';

export interface TradingWallet {
  readonly name: string;
  readonly address: Address;
}

/** What the chooser asks of others, at the moment of choosing. */
export interface WalletFacts {
  /** Trades of this wallet that are accepted and not at an end. */
  liveTrades(wallet: Address): number;
  /** Whether it holds this much of the mint, unreserved, besides fees and rent. */
  isFunded(wallet: Address, mint: Address, amount: bigint): boolean;
  /** Whether its lamports and its tokens of the mint are known; after a start they are not for a moment. */
  isRead(wallet: Address, mint: Address): boolean;
  /** What is still to be settled after a restart before it takes trades: its own, or what a damaged journal lost. */
  heldBy(wallet: Address): 'trades' | 'journal' | undefined;
}

export interface WalletWish {
  /** A wallet's name or address; absent means any. */
  readonly named?: string;
  readonly inputMint: Address;
  /** The most that the trade may spend of it, base units. */
  readonly amountIn: bigint;
}

/**
 * Chooses the wallet of a trade: the one it names, else, of those that hold what is to be spent, the one
 * with the fewest live trades, the longest unchosen first among equals. Since each transaction write-locks
 * its fee payer, spreading over wallets is what makes trades parallel; and since what is sold must be held,
 * a sale falls to a wallet that bought.
 */
export class WalletChooser {
  readonly #wallets: readonly TradingWallet[];
  readonly #facts: WalletFacts;
  /** By name and by address, each wallet in a list of its own. */
  readonly #named = new Map<string, readonly TradingWallet[]>();
  readonly #chosenAt = new Map<Address, number>();
  #choices = 0;

  constructor(wallets: readonly TradingWallet[], facts: WalletFacts) {
    this.#wallets = wallets;
    this.#facts = facts;
    for (const wallet of wallets) {
      this.#named.set(wallet.address, [wallet]);
      this.#named.set(wallet.name, [wallet]);
    }
  }

  /** @throws HotslotError WALLET_UNKNOWN, NOT_READY, INSUFFICIENT_FUNDS, RECONCILING */
  choose(wish: WalletWish): TradingWallet {
    const { named, inputMint, amountIn } = wish;
    const permitted = named === undefined ? this.#wallets : (this.#named.get(named) ?? []);
    if (permitted.length === 0) throw new HotslotError('WALLET_UNKNOWN', { field: 'wallet' });
    const funded = permitted.filter((wallet) => this.#facts.isFunded(wallet.address, inputMint, amountIn));
    if (funded.length === 0) {
      if (!permitted.every((wallet) => this.#facts.isRead(wallet.address, inputMint)))
        throw new HotslotError('NOT_READY', { detail: 'What the wallets hold is not known yet.' });
      throw new HotslotError('INSUFFICIENT_FUNDS', {
        field: named === undefined ? 'amount' : 'wallet',
        context: { mint: inputMint, amount: amountIn.toString(), wallets: permitted.length },
      });
    }
    let best: TradingWallet | undefined;
    let bestLive = Number.POSITIVE_INFINITY;
    let isInDoubt = false;
    for (const wallet of funded) {
      const holder = this.#facts.heldBy(wallet.address);
      if (holder === 'journal') isInDoubt = true;
      if (holder !== undefined) continue;
      const live = this.#facts.liveTrades(wallet.address);
      if (
        best === undefined ||
        live < bestLive ||
        (live === bestLive && this.#last(wallet) < this.#last(best))
      ) {
        best = wallet;
        bestLive = live;
      }
    }
    if (best === undefined) throw reconciling(isInDoubt);
    this.#choices += 1;
    this.#chosenAt.set(best.address, this.#choices);
    return best;
  }

  #last(wallet: TradingWallet): number {
    return this.#chosenAt.get(wallet.address) ?? 0;
  }
}

function reconciling(isInDoubt: boolean): HotslotError {
  if (!isInDoubt) return new HotslotError('RECONCILING', { field: 'wallet' });
  const detail =
    'The journal is damaged: the chain is searched for attempts of the wallet that it may have lost.';
  return new HotslotError('RECONCILING', { field: 'wallet', detail });
}
