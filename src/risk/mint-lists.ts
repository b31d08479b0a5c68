import { closeSync, existsSync, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { HotslotError } from '../errors/hotslot-error.js';
import { ADDRESS_PATTERN, type Address, asAddress } from '../model/brands.js';
import type { Clock, TimerHandle } from '../time/clock.js';

/** How often the files' times are looked at. */
export const LIST_POLL_MS = 2000;
/** Longest list file that is read. */
export const MAX_LIST_BYTES = 4 * 1024 * 1024;
/** Read and taken in within one turn of the event loop: some 370 lines, a fraction of a millisecond. */
const CHUNK_BYTES = 16 * 1024;

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
 * The mint denylist and allowlist: text files, one mint a line, `#` begins a comment. They are read at once at the
 * start, and again when they change: beside the trades then, a chunk a turn, and in force when all is read. A file that
 * cannot be read or has a bad line leaves the list as it was and is reported; at the start it is an error.
 */
export class MintLists {
  readonly #deny: List;
  readonly #allow: List;
  readonly #timer: TimerHandle;
  readonly #onFault: ((fault: string) => void) | undefined;
  #fault: string | undefined;
  #reloading: Promise<void> | undefined;
  #reloadingNext: Promise<void> | undefined;

  /** @throws HotslotError CONFIG_INVALID for a list that cannot be read at the start */
  constructor(options: MintListsOptions) {
    const { denyPath, denyMayBeMissing: mayBeMissing = false, allowPath } = options;
    this.#deny = { path: denyPath, mayBeMissing, mints: undefined, stamp: '' };
    this.#allow = { path: allowPath, mayBeMissing: false, mints: undefined, stamp: '' };
    for (const list of [this.#deny, this.#allow]) {
      try {
        readAtOnce(list);
      } catch (error) {
        throw new HotslotError('CONFIG_INVALID', { detail: faultOf(list, error) });
      }
    }
    this.#onFault = options.onFault;
    // One that takes longer than the period is not overtaken by the next.
    this.#timer = options.clock.every(LIST_POLL_MS, () => void (this.#reloading ?? this.reload()));
  }

  /** What is wrong with a list file now; the last good content stays in force. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /**
   * Looks at the files now, and once more after a look that is under way: what a file held when this was called is in
   * force, or `fault` says why not, when it resolves. Never rejects.
   */
  reload(): Promise<void> {
    if (this.#reloading !== undefined) {
      this.#reloadingNext ??= this.#reloading.then(() => {
        this.#reloadingNext = undefined;
        return this.reload();
      });
      return this.#reloadingNext;
    }
    this.#reloading = this.#look().finally(() => {
      this.#reloading = undefined;
    });
    return this.#reloading;
  }

  async #look(): Promise<void> {
    let fault: string | undefined;
    for (const list of [this.#deny, this.#allow]) {
      try {
        await readAgain(list);
      } catch (error) {
        fault = faultOf(list, error);
      }
    }
    const isNew = fault !== undefined && fault !== this.#fault;
    this.#fault = fault;
    if (isNew) this.#onFault?.(fault!);
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
}

/** @throws Error what is wrong with the file */
function readAtOnce(list: List): void {
  if (list.path === undefined || mayStayAway(list, existsSync(list.path))) return;
  const fd = openSync(list.path, 'r');
  try {
    const stamp = stampOf(fstatSync(fd));
    const lines = new ListLines();
    lines.add(readFileSync(fd, 'utf8'));
    [list.mints, list.stamp] = [lines.end(), stamp];
  } finally {
    closeSync(fd);
  }
}

/** Where the file has changed. @throws Error what is wrong with it */
async function readAgain(list: List): Promise<void> {
  if (list.path === undefined) return;
  const file = await open(list.path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    mayStayAway(list, false);
    return undefined;
  });
  if (file === undefined) return;
  try {
    const stamp = stampOf(await file.stat());
    if (stamp === list.stamp) return;
    const lines = new ListLines();
    const chunks = file.createReadStream({ encoding: 'utf8', highWaterMark: CHUNK_BYTES, autoClose: false });
    for await (const text of chunks) lines.add(text as string);
    [list.mints, list.stamp] = [lines.end(), stamp];
  } finally {
    await file.close();
  }
}

/** Whether a file is missing that may be. @throws Error for one that may not */
function mayStayAway(list: List, isThere: boolean): boolean {
  if (isThere) return false;
  if (list.mayBeMissing && list.stamp === '') return true;
  throw new Error('the file is not there');
}

/** Differs where the content may. @throws Error for a file that is too long */
function stampOf({ mtimeMs, size, ino }: Stats): string {
  if (size > MAX_LIST_BYTES) throw new Error(`the file is over ${MAX_LIST_BYTES} bytes`);
  return `${mtimeMs}:${size}:${ino}`;
}

function faultOf(list: List, error: unknown): string {
  return `${list.path}: ${(error as Error).message}`;
}

/** The lines of a list, from text in pieces. */
class ListLines {
  readonly #mints = new Set<Address>();
  #rest = '';
  #length = 0;
  #count = 0;

  /** @throws Error for a line that is no address, and for more text than a list may have */
  add(text: string): void {
    // It may grow while it is read.
    this.#length += text.length;
    if (this.#length > MAX_LIST_BYTES) throw new Error(`the file is over ${MAX_LIST_BYTES} bytes`);
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#take(line);
  }

  /** @throws Error for a last line that is no address */
  end(): ReadonlySet<Address> {
    this.#take(this.#rest);
    return this.#mints;
  }

  #take(line: string): void {
    this.#count += 1;
    const mint = line.replace(/#.*/, '').trim();
    if (mint === '') return;
    if (!ADDRESS_PATTERN.test(mint)) throw new Error(`line ${this.#count} is not an address`);
    this.#mints.add(asAddress(mint));
  }
}

function stateOf({ path, mints }: List): MintListState | undefined {
  return path === undefined ? undefined : { path: resolve(path), mints: mints?.size ?? 0 };
}
