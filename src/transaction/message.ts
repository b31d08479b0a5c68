/**
 * Compiles instructions into a message, legacy or v0 with lookup tables.
 *
 * Two orders of keys are in use: `insertion` is what @solana/web3.js's TransactionMessage makes, `sorted` is what
 * @solana/kit (and web3.js's older Transaction) makes. Both are valid; each is reproduced byte for byte.
 */
import { HotslotError } from '../errors/hotslot-error.js';
import type { Address, Blockhash } from '../model/brands.js';
import { decode32 } from './base58.js';
import type { AccountMeta, Instruction, LookupTable } from './instruction.js';
import { LIMITS } from './limits.js';

export type KeyOrder = 'insertion' | 'sorted';

export interface MessageRequest {
  readonly payer: Address;
  readonly instructions: readonly Instruction[];
  readonly blockhash: Blockhash;
  readonly version: 'legacy' | 'v0';
  readonly lookupTables?: readonly LookupTable[];
  /** Default `insertion`. */
  readonly keyOrder?: KeyOrder;
}

export interface CompiledMessage {
  readonly bytes: Uint8Array;
  /** Of the blockhash's 32 bytes. */
  readonly blockhashOffset: number;
  /** Of each instruction's data. */
  readonly dataOffsets: readonly number[];
  readonly signatureCount: number;
  /** Static keys in order, then loaded writable, then loaded read-only. */
  readonly accounts: readonly AccountMeta[];
}

interface Key {
  readonly address: Address;
  signer: boolean;
  writable: boolean;
  invoked: boolean;
}

interface Lookup {
  readonly table: LookupTable;
  readonly writable: { readonly key: Key; readonly index: number }[];
  readonly readonly: { readonly key: Key; readonly index: number }[];
}

const V0_PREFIX = 0x80;
/** The order of base58 strings that both packages use. */
const compareAddresses = new Intl.Collator('en', {
  caseFirst: 'lower',
  ignorePunctuation: false,
  localeMatcher: 'best fit',
  numeric: false,
  sensitivity: 'variant',
  usage: 'sort',
}).compare;

/**
 * @throws HotslotError TOO_MANY_ACCOUNTS over the lock limit, TRANSACTION_TOO_LARGE where it could not be sent
 */
export function compileMessage(request: MessageRequest): CompiledMessage {
  const keys = collectKeys(request);
  if (keys.size > LIMITS.accountLocks) {
    throw new HotslotError('TOO_MANY_ACCOUNTS', {
      context: { accounts: keys.size, limit: LIMITS.accountLocks },
    });
  }
  const sorted = request.keyOrder === 'sorted';
  const lookups = request.version === 'v0' ? drainLookups(keys, request.lookupTables ?? [], sorted) : [];
  const statics = orderStatics([...keys.values()], sorted);
  const loaded = [
    ...lookups.flatMap((lookup) => lookup.writable.map((entry) => entry.key)),
    ...lookups.flatMap((lookup) => lookup.readonly.map((entry) => entry.key)),
  ];
  const all = [...statics, ...loaded];
  const message = writeMessage(request, statics, all, lookups);
  const wireBytes = 1 + 64 * message.signatureCount + message.bytes.length;
  if (wireBytes > LIMITS.transactionBytes) {
    throw new HotslotError('TRANSACTION_TOO_LARGE', {
      context: { bytes: wireBytes, limit: LIMITS.transactionBytes },
    });
  }
  return message;
}

function collectKeys(request: MessageRequest): Map<Address, Key> {
  const keys = new Map<Address, Key>();
  const keyOf = (address: Address): Key => {
    let key = keys.get(address);
    if (key === undefined) {
      key = { address, signer: false, writable: false, invoked: false };
      keys.set(address, key);
    }
    return key;
  };
  const payer = keyOf(request.payer);
  payer.signer = true;
  payer.writable = true;
  for (const instruction of request.instructions) {
    keyOf(instruction.programId).invoked = true;
    for (const account of instruction.accounts) {
      const key = keyOf(account.address);
      key.signer ||= account.signer;
      key.writable ||= account.writable;
    }
  }
  return keys;
}

/** Moves keys that a table holds out of the static ones; signers and invoked programs must stay. */
function drainLookups(keys: Map<Address, Key>, tables: readonly LookupTable[], sorted: boolean): Lookup[] {
  const lookups: Lookup[] = [];
  for (const table of tables) {
    const indexOf = new Map<Address, number>();
    table.addresses.slice(0, LIMITS.lookupTableEntries).forEach((address, index) => {
      if (!indexOf.has(address)) indexOf.set(address, index);
    });
    const lookup: Lookup = { table, writable: [], readonly: [] };
    for (const key of [...keys.values()]) {
      const index = key.signer || key.invoked ? undefined : indexOf.get(key.address);
      if (index === undefined) continue;
      (key.writable ? lookup.writable : lookup.readonly).push({ key, index });
      keys.delete(key.address);
    }
    if (sorted) {
      lookup.writable.sort((a, b) => compareAddresses(a.key.address, b.key.address));
      lookup.readonly.sort((a, b) => compareAddresses(a.key.address, b.key.address));
    }
    if (lookup.writable.length + lookup.readonly.length > 0) lookups.push(lookup);
  }
  if (sorted) lookups.sort((a, b) => compareAddresses(a.table.address, b.table.address));
  return lookups;
}

function orderStatics(keys: readonly Key[], sorted: boolean): Key[] {
  const [payer, ...others] = keys;
  if (sorted) others.sort((a, b) => compareAddresses(a.address, b.address));
  const groups: Key[][] = [[], [], [], []];
  for (const key of others) groups[(key.signer ? 0 : 2) + (key.writable ? 0 : 1)]!.push(key);
  return [payer!, ...groups.flat()];
}

function writeMessage(
  request: MessageRequest,
  statics: readonly Key[],
  all: readonly Key[],
  lookups: readonly Lookup[],
): CompiledMessage {
  const indexOf = new Map(all.map((key, index) => [key.address, index]));
  const signatureCount = statics.filter((key) => key.signer).length;
  const bytes: number[] = request.version === 'v0' ? [V0_PREFIX] : [];
  bytes.push(
    signatureCount,
    statics.filter((key) => key.signer && !key.writable).length,
    statics.filter((key) => !key.signer && !key.writable).length,
  );
  pushLength(bytes, statics.length);
  for (const key of statics) bytes.push(...decode32(key.address));
  const blockhashOffset = bytes.length;
  bytes.push(...decode32(request.blockhash));
  pushLength(bytes, request.instructions.length);
  const dataOffsets: number[] = [];
  for (const instruction of request.instructions) {
    bytes.push(indexOf.get(instruction.programId)!);
    pushLength(bytes, instruction.accounts.length);
    for (const account of instruction.accounts) bytes.push(indexOf.get(account.address)!);
    pushLength(bytes, instruction.data.length);
    dataOffsets.push(bytes.length);
    for (const byte of instruction.data) bytes.push(byte);
  }
  if (request.version === 'v0') {
    pushLength(bytes, lookups.length);
    for (const lookup of lookups) {
      bytes.push(...decode32(lookup.table.address));
      pushLength(bytes, lookup.writable.length);
      for (const entry of lookup.writable) bytes.push(entry.index);
      pushLength(bytes, lookup.readonly.length);
      for (const entry of lookup.readonly) bytes.push(entry.index);
    }
  }
  return {
    bytes: Uint8Array.from(bytes),
    blockhashOffset,
    dataOffsets,
    signatureCount,
    accounts: all.map(({ address, signer, writable }) => ({ address, signer, writable })),
  };
}

/** Solana's compact-u16: seven bits a byte, least significant first. */
function pushLength(bytes: number[], length: number): void {
  let rest = length;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
}
