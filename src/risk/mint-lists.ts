import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { HotslotError } from '../errors/hotslot-error.js';
import { ADDRESS_PATTERN, type Address, asAddress } from '../model/brands.js';
import type { Clock, TimerHandle } from '../time/clock.js';

/** How often the files' times are looked at. */
export const LIST_POLL_MS = 2000;
/** Longest list file that is read. */
export const MAX_LIST_BYTES = 4 * 1024 * 1024;

interface List {
  readonly path: string | undefined;
  readonly mayBeMissing: boolean;
  mints: ReadonlySet<Address> | undefined;
  stamp: string;
}

export interface MintListsOptions {
  readonly denyPath?: string;
  /** A denylist that was never there denies nothing; one that was and is gone stays in force. */
  readonly denyMayBeMissing?: boolean;
  readonly allowPath?: string;
  readonly clock: Clock;
  /** Called when a fault comes that was not there at the last look. */
  readonly onFault?: (fault: string) => void;
}

/** One list as it is in force. */
export interface MintListState {
  readonly path: string;
  readonly mints: number;
}

/**
 * The mint denylist and allowlist: text files, one mint a line, `#` begins a comment. They are read again
 * when they change. A file that cannot be read or has a bad line leaves the list as it was and is
 * reported; at the start it is an error.
 */
export class MintLists {
  readonly #deny: List;
  readonly #allow: List;
  readonly #timer: TimerHandle;
  readonly #onFault: ((fault: string) => void) | undefined;
  #fault: string | undefined;

  /** @throws HotslotError CONFIG_INVALID for a list that cannot be read at the start */
  constructor(options: MintListsOptions) {
    const { denyPath, denyMayBeMissing: mayBeMissing = false, allowPath } = options;
    this.#deny = { path: denyPath, mayBeMissing, mints: undefined, stamp: '' };
    this.#allow = { path: allowPath, mayBeMissing: false, mints: undefined, stamp: '' };
    this.reload();
    if (this.#fault !== undefined) throw new HotslotError('CONFIG_INVALID', { detail: this.#fault });
    this.#onFault = options.onFault;
    this.#timer = options.clock.every(LIST_POLL_MS, () => this.reload());
  }

  /** What is wrong with a list file now; the last good content stays in force. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Looks at the files now (a signal's handler may call it). */
  reload(): void {
    const before = this.#fault;
    this.#fault = undefined;
    for (const list of [this.#deny, this.#allow]) {
      try {
        this.#read(list);
      } catch (error) {
        this.#fault = `${list.path}: ${(error as Error).message}`;
      }
    }
    if (this.#fault !== undefined && this.#fault !== before) this.#onFault?.(this.#fault);
  }

  /** What is in force; a list that is not configured is undefined. */
  state(): { readonly deny: MintListState | undefined; readonly allow: MintListState | undefined } {
    return { deny: stateOf(this.#deny), allow: stateOf(this.#allow) };
  }

  /** @throws HotslotError MINT_DENIED */
  check(mint: Address, field: string): void {
    if (this.#deny.mints?.has(mint) === true) {
      throw new HotslotError('MINT_DENIED', { field, context: { mint, list: 'deny' } });
    }
    if (this.#allow.mints !== undefined && !this.#allow.mints.has(mint)) {
      throw new HotslotError('MINT_DENIED', { field, context: { mint, list: 'allow' } });
    }
  }

  close(): void {
    this.#timer.cancel();
  }

  #read(list: List): void {
    if (list.path === undefined) return;
    if (!existsSync(list.path)) {
      if (list.mayBeMissing && list.stamp === '') return;
      throw new Error('the file is not there');
    }
    const { mtimeMs, size, ino } = statSync(list.path);
    const stamp = `${mtimeMs}:${size}:${ino}`;
    if (stamp === list.stamp) return;
    if (size > MAX_LIST_BYTES) throw new Error(`the file is over ${MAX_LIST_BYTES} bytes`);
    const mints = new Set<Address>();
    for (const [index, line] of readFileSync(list.path, 'utf8').split('\n').entries()) {
      const text = line.replace(/#.*/, '').trim();
      if (text === '') continue;
      if (!ADDRESS_PATTERN.test(text)) throw new Error(`line ${index + 1} is not an address`);
      mints.add(asAddress(text));
    }
    list.mints = mints;
    list.stamp = stamp;
  }
}

function stateOf({ path, mints }: List): MintListState | undefined {
  return path === undefined ? undefined : { path: resolve(path), mints: mints?.size ?? 0 };
}
