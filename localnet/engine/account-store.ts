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
    let touchedPrograms = false;
    // Programs last: the runtime loads one when its account is written, from data that must stand by then.
    for (const [address, before] of programsLast(undo)) {
      const now = this.get(address);
      redo.set(address, now);
      touchedPrograms ||= now?.executable === true || before?.executable === true;
      this.runtime.writeAccount(address, before ?? ABSENT_ACCOUNT);
      this.remember(address, before);
    }
    if (touchedPrograms) this.runtime.reloadPrograms();
    return redo;
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

function programsLast(undo: UndoLog): [string, AccountState | null][] {
  const rank = (state: AccountState | null) => (state?.executable === true ? 1 : 0);
  return [...undo].sort(([, a], [, b]) => rank(a) - rank(b));
}
