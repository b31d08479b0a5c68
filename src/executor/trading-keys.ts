/** The keystore's trading keys in use: those that trade, and those that only finish what they began. */
import { HotslotError } from '../errors/hotslot-error.js';
import { isRetiringName, isTradingName } from '../keys/key-names.js';
import type { Keystore } from '../keys/keystore.js';
import type { Address } from '../model/brands.js';
import type { TradingWallet } from '../schedule/wallet-chooser.js';
import { KeyRing } from '../threads/key-ring.js';

/** What a reload changed. */
export interface KeyChanges {
  /** New to this executor. */
  readonly added: readonly TradingWallet[];
  /** No new trade is given to them any more. */
  readonly retiring: readonly TradingWallet[];
}

export class TradingKeys {
  readonly ring = new KeyRing();
  /** Those that new trades may have. The same array for ever, so that whoever chooses sees every change. */
  readonly wallets: TradingWallet[] = [];
  readonly #retiring = new Map<Address, TradingWallet>();

  /** @throws HotslotError KEYSTORE_INVALID where a key's record is damaged */
  constructor(keystore: Keystore) {
    for (const { name, address } of keystore.entries()) {
      if (isTradingName(name)) this.wallets.push({ name, address });
      else if (isRetiringName(name)) this.#retiring.set(address, { name, address });
      else continue;
      this.ring.add(keystore.load(name));
    }
  }

  /** Every wallet whose key is loaded. */
  all(): TradingWallet[] {
    return [...this.wallets, ...this.#retiring.values()];
  }

  retiring(): TradingWallet[] {
    return [...this.#retiring.values()];
  }

  /**
   * Takes what the keystore holds now. Keys that it holds no longer, or under a retiring name, sign only for the
   * trades that they have.
   * @throws HotslotError KEYSTORE_INVALID where it has no trading key, or a damaged one; nothing was changed then
   */
  reload(keystore: Keystore): KeyChanges {
    const entries = keystore.entries();
    const active = entries.filter(({ name }) => isTradingName(name));
    const retiring = entries.filter(({ name }) => isRetiringName(name));
    if (active.length === 0) throw new HotslotError('KEYSTORE_INVALID', { detail: 'It has no trading key.' });
    const known = new Set(this.all().map((wallet) => wallet.address));
    const added = [...active, ...retiring].filter(({ address }) => !known.has(address));
    for (const key of added.map(({ name }) => keystore.load(name))) this.ring.add(key);
    const traded = new Set(this.wallets.map((wallet) => wallet.address));
    const named = new Map(active.map((wallet) => [wallet.address, wallet]));
    for (const wallet of this.wallets) {
      if (!named.has(wallet.address)) this.#retiring.set(wallet.address, wallet);
    }
    for (const wallet of retiring) this.#retiring.set(wallet.address, wallet);
    for (const address of named.keys()) this.#retiring.delete(address);
    this.wallets.splice(0, this.wallets.length, ...active);
    return { added, retiring: this.retiring().filter(({ address }) => traded.has(address)) };
  }

  /** Wipes retiring keys whose last trade is over. @returns them */
  dropFinished(liveTradesOf: (wallet: Address) => number): TradingWallet[] {
    const finished = this.retiring().filter(({ address }) => liveTradesOf(address) === 0);
    for (const { address } of finished) {
      this.#retiring.delete(address);
      this.ring.remove(address);
    }
    return finished;
  }
}
