/** The signing keys that are loaded, by address. */
import type { SigningKey } from '../keys/signing-key.js';
import type { Address } from '../model/brands.js';

export class KeyRing {
  readonly #keys = new Map<Address, SigningKey>();
  readonly #listeners: KeyListener[] = [];

  /** Told of keys that come and go, and at once of those that are there. */
  listen(listener: KeyListener): void {
    this.#listeners.push(listener);
    for (const key of this.#keys.values()) listener.onKeyAdded(key);
  }

  /** Takes the key over; one of the same address is wiped. */
  add(key: SigningKey): void {
    this.#keys.get(key.address)?.wipe();
    this.#keys.set(key.address, key);
    for (const listener of this.#listeners) listener.onKeyAdded(key);
  }

  /** Wipes the key here and on every worker. @returns whether there was one */
  remove(address: Address): boolean {
    const key = this.#keys.get(address);
    if (key === undefined) return false;
    this.#keys.delete(address);
    key.wipe();
    for (const listener of this.#listeners) listener.onKeyRemoved(address);
    return true;
  }

  get(address: Address): SigningKey | undefined {
    return this.#keys.get(address);
  }

  all(): SigningKey[] {
    return [...this.#keys.values()];
  }

  /** Makes every secret unreadable until its next signature; to be called when idle. */
  seal(): void {
    for (const key of this.#keys.values()) key.seal();
  }

  /** Wipes everything. */
  clear(): void {
    for (const address of [...this.#keys.keys()]) this.remove(address);
  }
}

export interface KeyListener {
  onKeyAdded(key: SigningKey): void;
  onKeyRemoved(address: Address): void;
}
