/**
 * Every account's versions by slot, along the one chain that is alive: the engine undoes a lost slot before it
 * builds on, so versions of lost slots are removed here when it says so, and a view is "the newest version at
 * or before slot S". Three indexes point at the addresses that have a kept version with that key.
 */
import type { AccountState, AccountWrite } from '../engine/messages.js';
import { sameTokenKeys, type TokenKeys, tokenKeys } from './token-keys.js';
import type { AccountAtSlot } from './types.js';

interface Version extends AccountAtSlot {
  readonly keys: TokenKeys | undefined;
}

type Index = Map<string, Set<string>>;

export class AccountStore {
  /** Ascending by slot, at most one a slot. */
  readonly #versions = new Map<string, Version[]>();
  readonly #byOwner: Index = new Map();
  readonly #byWallet: Index = new Map();
  readonly #byMint: Index = new Map();

  get addressCount(): number {
    return this.#versions.size;
  }

  write(write: AccountWrite, slot: number): void {
    const { address, account, writeVersion } = write;
    const versions = this.#versions.get(address) ?? [];
    if (versions.length === 0) this.#versions.set(address, versions);
    let at = versions.length;
    while (at > 0 && versions[at - 1]!.slot > slot) at -= 1;
    const before = versions[at - 1];
    const keys = before && sameTokenKeys(before.account, account) ? before.keys : tokenKeys(account);
    const version: Version = { address, account, slot, writeVersion, keys };
    if (before?.slot !== slot) {
      versions.splice(at, 0, version);
      this.#index(version);
    } else if (before.writeVersion < writeVersion) {
      versions[at - 1] = version;
      this.#index(version);
      this.#unindex(before, versions);
    }
  }

  /** The newest version at or before the slot; undefined for an account that does not exist there. */
  read(address: string, slot: number): AccountAtSlot | undefined {
    const version = newestAt(this.#versions.get(address), slot);
    return version === undefined || isGone(version.account) ? undefined : version;
  }

  /** What was written in exactly this slot, also where it drained the account away. */
  written(address: string, slot: number): AccountAtSlot | undefined {
    const version = this.#versions.get(address)?.findLast((candidate) => candidate.slot === slot);
    return version && plain(version);
  }

  /** Undoes the slot's write, as if it never was. */
  removeSlot(address: string, slot: number): void {
    const versions = this.#versions.get(address);
    const at = versions?.findLastIndex((version) => version.slot === slot) ?? -1;
    if (versions === undefined || at < 0) return;
    const [removed] = versions.splice(at, 1);
    if (removed) this.#unindex(removed, versions);
    if (versions.length === 0) this.#versions.delete(address);
  }

  /** Forgets what lies under the newest version at or before the slot: no view reaches further back. */
  prune(address: string, slot: number): void {
    const versions = this.#versions.get(address);
    if (versions === undefined) return;
    const keep = versions.findLastIndex((version) => version.slot <= slot);
    if (keep < 0) return;
    const removed = versions.splice(0, keep);
    if (versions.length === 1 && isGone(versions[0]!.account)) removed.push(...versions.splice(0, 1));
    for (const version of removed) this.#unindex(version, versions);
    if (versions.length === 0) this.#versions.delete(address);
  }

  byOwner(owner: string, slot: number): AccountAtSlot[] {
    return this.#select(this.#byOwner.get(owner), slot, (version) => version.account.owner === owner);
  }

  byWallet(wallet: string, slot: number): AccountAtSlot[] {
    return this.#select(this.#byWallet.get(wallet), slot, (version) => version.keys?.wallet === wallet);
  }

  byMint(mint: string, slot: number): AccountAtSlot[] {
    return this.#select(this.#byMint.get(mint), slot, (version) => version.keys?.mint === mint);
  }

  /** Every account that exists at the slot. */
  *all(slot: number): IterableIterator<AccountAtSlot> {
    for (const versions of this.#versions.values()) {
      const version = newestAt(versions, slot);
      if (version !== undefined && !isGone(version.account)) yield plain(version);
    }
  }

  #select(addresses: Set<string> | undefined, slot: number, fits: (version: Version) => boolean) {
    const found: AccountAtSlot[] = [];
    for (const address of addresses ?? []) {
      const version = newestAt(this.#versions.get(address), slot);
      if (version !== undefined && !isGone(version.account) && fits(version)) found.push(version);
    }
    return found;
  }

  #index(version: Version): void {
    add(this.#byOwner, version.account.owner, version.address);
    if (version.keys === undefined) return;
    add(this.#byWallet, version.keys.wallet, version.address);
    add(this.#byMint, version.keys.mint, version.address);
  }

  /** Takes the address out of those indexes in which none of the versions that are left needs it. */
  #unindex(removed: Version, left: readonly Version[]): void {
    const { address, account, keys } = removed;
    if (!left.some((version) => version.account.owner === account.owner)) {
      drop(this.#byOwner, account.owner, address);
    }
    if (keys === undefined) return;
    if (!left.some((version) => version.keys?.wallet === keys.wallet)) {
      drop(this.#byWallet, keys.wallet, address);
    }
    if (!left.some((version) => version.keys?.mint === keys.mint)) drop(this.#byMint, keys.mint, address);
  }
}

function plain({ address, account, slot, writeVersion }: Version): AccountAtSlot {
  return { address, account, slot, writeVersion };
}

function newestAt(versions: readonly Version[] | undefined, slot: number): Version | undefined {
  if (versions === undefined) return undefined;
  for (let at = versions.length - 1; at >= 0; at -= 1) {
    if (versions[at]!.slot <= slot) return versions[at];
  }
  return undefined;
}

function isGone(account: AccountState): boolean {
  return account.lamports === 0n;
}

function add(index: Index, key: string, address: string): void {
  const addresses = index.get(key);
  if (addresses === undefined) index.set(key, new Set([address]));
  else addresses.add(address);
}

function drop(index: Index, key: string, address: string): void {
  const addresses = index.get(key);
  addresses?.delete(address);
  if (addresses?.size === 0) index.delete(key);
}
