/**
 * Goes on from a ledger that was kept as accounts and blocks, where no snapshot of the runtime reaches: after a
 * kill the kept ledger is newer than any snapshot can be.
 */
import { base58 } from '@scure/base';
import { AccountStore } from './account-store.js';
import type { BootState } from './boot.js';
import { Chain } from './chain.js';
import type { AccountState } from './messages.js';
import { Runtime } from './runtime.js';
import { isSysvar, NATIVE_LOADER, SYSVAR_OWNER } from './well-known.js';

export interface ResumedBlock {
  readonly slot: number;
  readonly parentSlot: number;
  readonly height: number;
  readonly blockhash: string;
  /** Unix seconds. */
  readonly blockTime: number;
  readonly signatures: readonly string[];
}

export interface EngineResume {
  /** Everything that exists after the last block. */
  readonly accounts: readonly { readonly address: string; readonly account: AccountState }[];
  /** Oldest first, not empty; at least as many as blockhashes are alive. All of them are final. */
  readonly blocks: readonly ResumedBlock[];
  /** No write version up to this one is given out again. */
  readonly writeVersion: bigint;
  /** The last slot that was begun in any way. */
  readonly lastSlot: number;
}

/** @throws Error if the runtime refuses an account. */
export function bootFromLedger(resume: EngineResume): BootState {
  const head = resume.blocks.at(-1);
  if (head === undefined) throw new Error('A ledger to go on from needs a block');
  const runtime = Runtime.create();
  const hashes = resume.blocks.map(({ slot, blockhash }) => ({ slot, hash: base58.decode(blockhash) }));
  runtime.beginSlot(head.slot, head.blockTime, hashes.reverse());
  const store = new AccountStore(runtime);
  // A program is loaded when its account is written, from a data account that must stand by then.
  const ordered = resume.accounts.toSorted(
    (left, right) => Number(left.account.executable) - Number(right.account.executable),
  );
  for (const { address, account } of ordered) {
    store.written.add(address);
    if (!isBuiltIn(address, account, store)) store.write(address, account, null);
  }
  const blocks = resume.blocks.map((block) => ({
    ...block,
    doomed: false,
    confirmed: true,
    finalized: true,
  }));
  const { writeVersion, lastSlot } = resume;
  // Airdrops only have to differ from those before; there were not more of them than writes.
  const counters = { writeVersion, lastSlot, airdrops: Number(writeVersion) };
  return { chain: new Chain(blocks), store, counters };
}

/** What the runtime brings along itself, and refuses or reloads for nothing when it is written. */
function isBuiltIn(address: string, account: AccountState, store: AccountStore): boolean {
  if (isSysvar(address) || account.owner === NATIVE_LOADER || account.owner === SYSVAR_OWNER) return true;
  const present = store.get(address);
  return (
    present !== null &&
    present.owner === account.owner &&
    present.lamports === account.lamports &&
    present.executable === account.executable &&
    Buffer.from(present.data).equals(account.data)
  );
}
