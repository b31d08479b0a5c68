/**
 * LiteSVM through its native binding. The public wrapper re-encodes every transaction and account through
 * @solana/kit, which costs as much as executing a transfer.
 */
import {
  Account,
  Clock,
  FailedTransactionMetadata,
  LiteSvm,
  type TransactionMetadata,
} from 'litesvm/dist/internal.js';
import { decodeAddress, encodeAddress } from './address-book.js';
import type { AccountState } from './messages.js';
import { SYSTEM_PROGRAM, SYSVAR_OWNER, SYSVAR_RECENT_BLOCKHASHES, SYSVAR_SLOT_HASHES } from './well-known.js';

const SLOTS_PER_EPOCH = 432_000;
const MAX_SLOT_HASHES = 512;
/** Big enough for both sysvars at their present size. */
const SYSVAR_LAMPORTS = 1_000_000_000n;
const RENT_EXEMPT_EPOCH = 2n ** 64n - 1n;
const LAMPORTS_PER_SIGNATURE = 5000n;

/** What reads for an address that was never written, or was drained. */
export const ABSENT_ACCOUNT: AccountState = {
  lamports: 0n,
  owner: SYSTEM_PROGRAM,
  executable: false,
  rentEpoch: RENT_EXEMPT_EPOCH,
  data: new Uint8Array(0),
};

export interface SlotHashEntry {
  readonly slot: number;
  readonly hash: Uint8Array;
}

export type ExecutionResult = TransactionMetadata | FailedTransactionMetadata;

/** The runtime: accounts in, transactions through, no idea of slots, forks or duplicates. */
export class Runtime {
  private svm: LiteSvm;

  private constructor(svm: LiteSvm) {
    this.svm = configured(svm);
  }

  static create(): Runtime {
    const svm = new LiteSvm();
    svm.withNativeMints();
    return new Runtime(svm);
  }

  static restore(bytes: Uint8Array): Runtime {
    return new Runtime(LiteSvm.fromBytes(bytes));
  }

  toBytes(): Uint8Array {
    return this.svm.toBytes();
  }

  /**
   * Loads every program anew from its account, which takes about 20 ms. The runtime keeps the code of a program
   * whose deployment was undone and aborts the process when it is called; of one whose upgrade or closing was
   * undone it keeps the wrong code.
   */
  reloadPrograms(): void {
    this.svm = configured(LiteSvm.fromBytes(this.svm.toBytes()));
  }

  /**
   * Signatures are verified here: it takes 42 µs a signature, libsodium 58 to 80 on the same machine.
   * Null: the runtime would not even take the bytes; nothing happened.
   */
  execute(wire: Uint8Array): ExecutionResult | null {
    try {
      return this.svm.sendVersionedTransaction(wire);
    } catch {
      return null;
    }
  }

  /** Signatures are the caller's affair: a simulation may come without. */
  simulate(wire: Uint8Array): ReturnType<LiteSvm['simulateVersionedTransaction']> {
    this.svm.setSigverify(false);
    try {
      return this.svm.simulateVersionedTransaction(wire);
    } finally {
      this.svm.setSigverify(true);
    }
  }

  readAccount(key: Uint8Array): AccountState | null {
    const account = this.svm.getAccount(key);
    return account === null ? null : toAccountState(account);
  }

  /** Throws if the runtime refuses the content (a program that does not load, a sysvar that does not parse). */
  writeAccount(address: string, state: AccountState): void {
    this.svm.setAccount(
      decodeAddress(address),
      new Account(state.lamports, state.data, decodeAddress(state.owner), state.executable, state.rentEpoch),
    );
  }

  addProgram(id: string, bytes: Uint8Array): void {
    this.svm.addProgram(decodeAddress(id), bytes);
  }

  /** Everything that one program owns. */
  accountsOf(owner: string): { readonly address: string; readonly account: AccountState }[] {
    return this.svm.getProgramAccounts(decodeAddress(owner)).map((entry) => ({
      address: encodeAddress(entry.address),
      account: toAccountState(entry.account()),
    }));
  }

  rentExemptMinimum(dataLength: number): bigint {
    return this.svm.minimumBalanceForRentExemption(BigInt(dataLength));
  }

  /** Sets Clock, SlotHashes and RecentBlockhashes for the block that is about to be filled. `hashes`: newest first. */
  beginSlot(slot: number, unixTimestamp: number, hashes: readonly SlotHashEntry[]): void {
    const epoch = Math.floor(slot / SLOTS_PER_EPOCH);
    this.svm.setClock(
      new Clock(BigInt(slot), BigInt(unixTimestamp), BigInt(epoch), BigInt(epoch + 1), BigInt(unixTimestamp)),
    );
    this.writeAccount(SYSVAR_SLOT_HASHES, sysvar(encodeSlotHashes(hashes)));
    const newest = hashes[0];
    if (newest !== undefined) {
      this.writeAccount(SYSVAR_RECENT_BLOCKHASHES, sysvar(encodeRecentBlockhash(newest.hash)));
    }
  }
}

export { FailedTransactionMetadata, type TransactionMetadata };

function configured(svm: LiteSvm): LiteSvm {
  svm.setSigverify(true);
  svm.setBlockhashCheck(false);
  svm.setTransactionHistory(0n);
  return svm;
}

export function toAccountState(account: Account): AccountState {
  return {
    lamports: account.lamports(),
    owner: encodeAddress(account.owner()),
    executable: account.executable(),
    rentEpoch: account.rentEpoch(),
    data: account.data(),
  };
}

function sysvar(data: Uint8Array): AccountState {
  return { lamports: SYSVAR_LAMPORTS, owner: SYSVAR_OWNER, executable: false, rentEpoch: 0n, data };
}

/** Length as u64, then (slot u64, hash) pairs; the account keeps its full size, unused entries are zero. */
function encodeSlotHashes(hashes: readonly SlotHashEntry[]): Uint8Array {
  const used = hashes.slice(0, MAX_SLOT_HASHES);
  const bytes = Buffer.alloc(8 + MAX_SLOT_HASHES * 40);
  bytes.writeBigUInt64LE(BigInt(used.length), 0);
  let offset = 8;
  for (const entry of used) {
    bytes.writeBigUInt64LE(BigInt(entry.slot), offset);
    bytes.set(entry.hash, offset + 8);
    offset += 40;
  }
  return bytes;
}

/** One entry (hash, lamports a signature): nonce instructions only ask that the list is not empty. */
function encodeRecentBlockhash(hash: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(8 + 40);
  bytes.writeBigUInt64LE(1n, 0);
  bytes.set(hash, 8);
  bytes.writeBigUInt64LE(LAMPORTS_PER_SIGNATURE, 40);
  return bytes;
}
