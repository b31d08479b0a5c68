/** The state that an engine starts from: a genesis, or a snapshot of an earlier run. */
import { deserialize, serialize } from 'node:v8';
import { base58 } from '@scure/base';
import type { Genesis } from '../genesis/types.js';
import { AccountStore } from './account-store.js';
import { Chain, type ChainBlock } from './chain.js';
import type { AccountState } from './messages.js';
import { Runtime } from './runtime.js';
import {
  BPF_LOADER,
  BPF_LOADER_DEPRECATED,
  BPF_LOADER_UPGRADEABLE,
  isSysvar,
  NATIVE_LOADER,
  SYSVAR_OWNER,
  TOKEN_2022_PROGRAM,
  TOKEN_PROGRAM,
} from './well-known.js';

const SNAPSHOT_FORMAT = 'hotslot-localnet-engine-1';

/** Owners of what the runtime brings along: programs, sysvars, native mints. */
const BUILT_IN_OWNERS = [
  NATIVE_LOADER,
  BPF_LOADER_DEPRECATED,
  BPF_LOADER,
  BPF_LOADER_UPGRADEABLE,
  SYSVAR_OWNER,
  TOKEN_PROGRAM,
  TOKEN_2022_PROGRAM,
];

/** Numbers that must never run back, also not over a restart. */
export interface EngineCounters {
  /** The last write_version that was given out. */
  writeVersion: bigint;
  airdrops: number;
  /** The last slot that was begun in any way. */
  lastSlot: number;
}

export interface BootState {
  readonly chain: Chain;
  readonly store: AccountStore;
  readonly counters: EngineCounters;
}

interface SnapshotContent {
  readonly format: string;
  readonly genesisHash: string;
  readonly blocks: readonly ChainBlock[];
  readonly written: readonly string[];
  readonly counters: EngineCounters;
  readonly runtime: Uint8Array;
}

/** @throws Error that names the account or program which the runtime refuses. */
export function bootFromGenesis(
  genesis: Genesis,
  genesisHash: string,
  startSlot: number,
  unixTimestamp: number,
): BootState {
  const runtime = Runtime.create();
  const store = new AccountStore(runtime);
  const root: ChainBlock = {
    slot: startSlot,
    parentSlot: Math.max(0, startSlot - 1),
    height: 0,
    blockhash: genesisHash,
    blockTime: unixTimestamp,
    doomed: false,
    signatures: [],
    confirmed: true,
    finalized: true,
  };
  runtime.beginSlot(startSlot, unixTimestamp, [{ slot: startSlot, hash: base58.decode(genesisHash) }]);
  for (const program of genesis.programs) {
    attempt(`program ${program.id}`, () => runtime.addProgram(program.id, program.bytes));
  }
  for (const { address, account } of dataBeforePrograms(genesis.accounts)) {
    if (isSysvar(address)) throw new Error(`The cluster itself keeps ${address}: it cannot be given`);
    attempt(`account ${address}`, () => store.write(address, account, null));
  }
  // The runtime lists accounts in an order that differs from run to run.
  const builtIn = BUILT_IN_OWNERS.flatMap((owner) => runtime.accountsOf(owner).map(({ address }) => address));
  for (const address of builtIn.sort()) store.written.add(address);
  return {
    chain: new Chain([root]),
    store,
    counters: { writeVersion: 0n, airdrops: 0, lastSlot: startSlot },
  };
}

/** @throws Error if the bytes are not a snapshot, or one of another chain. */
export function bootFromSnapshot(bytes: Uint8Array, genesisHash: string): BootState {
  let content: SnapshotContent;
  try {
    content = deserialize(bytes) as SnapshotContent;
  } catch (cause) {
    throw new Error('The state is not a snapshot of the engine', { cause });
  }
  if (content.format !== SNAPSHOT_FORMAT)
    throw new Error('The state has a format that this version cannot read');
  if (content.genesisHash !== genesisHash) {
    throw new Error(`The state belongs to the chain ${content.genesisHash}, not to ${genesisHash}`);
  }
  const store = new AccountStore(Runtime.restore(content.runtime));
  for (const address of content.written) store.written.add(address);
  // What was the head's ancestry is the root of the new run: nothing of it can be undone any more.
  const blocks = content.blocks.map((block) => ({ ...block, confirmed: true, finalized: true }));
  return { chain: new Chain(blocks), store, counters: { ...content.counters } };
}

/** Call while the runtime stands on the state after the last of `blocks`. */
export function writeSnapshot(
  state: BootState,
  blocks: readonly ChainBlock[],
  genesisHash: string,
): Uint8Array {
  const content: SnapshotContent = {
    format: SNAPSHOT_FORMAT,
    genesisHash,
    blocks,
    written: [...state.store.written],
    counters: state.counters,
    runtime: state.store.runtime.toBytes(),
  };
  return new Uint8Array(serialize(content));
}

/** A program's account is loaded when it is written, from a data account that must stand by then. */
function dataBeforePrograms(accounts: Genesis['accounts']): Genesis['accounts'] {
  const rank = (account: AccountState) => (account.executable ? 1 : 0);
  return [...accounts].sort((a, b) => rank(a.account) - rank(b.account));
}

function attempt(what: string, action: () => void): void {
  try {
    action();
  } catch (cause) {
    throw new Error(`The runtime refuses the ${what}: ${String(cause)}`, { cause });
  }
}
