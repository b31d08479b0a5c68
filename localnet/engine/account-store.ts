/**
 * The accounts as the runtime has them, mirrored so that a transaction's state before it costs no call into the
 * runtime, and with what a roll-back needs: the first state of everything that a slot wrote.
 */
import { decodeAddress } from './address-book.js';
import type { AccountState } from './messages.js';
import { ABSENT_ACCOUNT, type Runtime } from './runtime.js';

/** Most accounts mirrored; the oldest entry makes room. */
const MAX_MIRRORED_ACCOUNTS = 200_000;

/** What accounts held before a slot wrote them; null: not there. */
export type UndoLog = Map<string, AccountState | null>;

export class AccountStore {
  private readonly mirror = new Map<string, AccountState | null>();
  /** Every address ever written, for snapshots: the runtime cannot list its accounts. */
  readonly written = new Set<string>();
  /** Programs whose deployment was undone: the runtime still holds their code and aborts when they are called. */
  private readonly undeployed = new Set<string>();

  constructor(readonly runtime: Runtime) {}

  /** Null when the account does not exist. `key` spares decoding the address. */
  get(address: string, key?: Uint8Array): AccountState | null {
    const known = this.mirror.get(address);
    if (known !== undefined) return known;
    return this.readThrough(address, key ?? decodeAddress(address));
  }

  /** Reads what a transaction has just written and remembers what stood there before. */
  refresh(address: string, key: Uint8Array, undo: UndoLog): AccountState {
    if (!undo.has(address)) undo.set(address, this.get(address, key));
    this.written.add(address);
    const state = this.readThrough(address, key);
    if (state?.executable === true) this.undeployed.delete(address);
    return state ?? ABSENT_ACCOUNT;
  }

  /** Writes by hand. Throws what the runtime throws, and then nothing has changed. */
  write(address: string, state: AccountState, undo: UndoLog | null): void {
    const before = this.get(address);
    this.runtime.writeAccount(address, state);
    if (undo !== null && !undo.has(address)) undo.set(address, before);
    this.written.add(address);
    this.remember(address, state.lamports === 0n ? null : state);
  }

  /** Puts back what `undo` holds and answers how to come forward again. */
  revert(undo: UndoLog): UndoLog {
    const redo: UndoLog = new Map();
    const entries = [...undo].sort(
      ([, a], [, b]) => Number(a?.executable ?? false) - Number(b?.executable ?? false),
    );
    // Programs last: the runtime loads one when its account is written, from data that must stand by then.
    for (const [address, before] of entries) {
      const now = this.get(address);
      redo.set(address, now);
      if (now?.executable === true && before?.executable !== true) this.undeployed.add(address);
      if (before?.executable === true) this.undeployed.delete(address);
      this.runtime.writeAccount(address, before ?? ABSENT_ACCOUNT);
      this.remember(address, before);
    }
    return redo;
  }

  /** Whether calling this program would make the runtime abort. */
  isUndeployed(address: string): boolean {
    return this.undeployed.size > 0 && this.undeployed.has(address);
  }

  private readThrough(address: string, key: Uint8Array): AccountState | null {
    const state = this.runtime.readAccount(key);
    const present = state === null || state.lamports === 0n ? null : state;
    this.remember(address, present);
    return present;
  }

  private remember(address: string, state: AccountState | null): void {
    if (this.mirror.size >= MAX_MIRRORED_ACCOUNTS && !this.mirror.has(address)) {
      const oldest = this.mirror.keys().next().value;
      if (oldest !== undefined) this.mirror.delete(oldest);
    }
    this.mirror.set(address, state);
  }
}
