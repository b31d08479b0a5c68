/**
 * Transactions, from whole ones that may land to bytes that are none. The cluster's runtime aborts its process on
 * malformed ones that reach it, so most of these are wrong in ways that only show late: signed as they are, or
 * simulated without signatures, with counts, indexes, lookups and instruction data that make no sense.
 */
import { createHash } from 'node:crypto';
import { base58 } from '@scure/base';
import type { Seeded } from '../drill/seeded.js';
import type { Surroundings } from './surroundings.js';
import { mutatedBytes, randomBytes } from './values.js';

const PROGRAMS: readonly string[] = [
  '11111111111111111111111111111111',
  'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA',
  'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb',
  'ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL',
  'ComputeBudget111111111111111111111111111111',
  'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr',
  'AddressLookupTab1e1111111111111111111111111',
  'BPFLoaderUpgradeab1e11111111111111111111111',
  'BPFLoader2111111111111111111111111111111111',
  'LoaderV411111111111111111111111111111111111',
  'Stake11111111111111111111111111111111111111',
  'Vote111111111111111111111111111111111111111',
  'Config1111111111111111111111111111111111111',
  'Ed25519SigVerify111111111111111111111111111',
  'KeccakSecp256k11111111111111111111111111111',
  'Secp256r1SigVerify1111111111111111111111111',
  'ZkE1Gama1Proof11111111111111111111111111111',
  'CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C',
];

const SYSVARS: readonly string[] = [
  'SysvarC1ock11111111111111111111111111111111',
  'SysvarRent111111111111111111111111111111111',
  'SysvarRecentB1ockHashes11111111111111111111',
  'Sysvar1nstructions1111111111111111111111111',
  'SysvarS1otHashes111111111111111111111111111',
];

const CPMM_NAMES = ['swap_base_input', 'swap_base_output', 'deposit', 'withdraw', 'initialize'];
const CPMM_DISCRIMINATORS = CPMM_NAMES.map((name) =>
  createHash('sha256').update(`global:${name}`).digest().subarray(0, 8),
);

interface Instruction {
  readonly programIndex: number;
  readonly accounts: readonly number[];
  readonly data: Buffer;
}

/** Bytes of a transaction, signed by the fuzzer's wallet where it is whole. */
export function transactionBytes(random: Seeded, surroundings: Surroundings): Buffer {
  const draw = random.next();
  if (draw < 0.05) return randomBytes(random, random.between(0, 1_400));
  const message = messageBytes(random, surroundings);
  const whole = signed(random, message, surroundings);
  return draw < 0.45 ? mutatedBytes(whole, random) : whole;
}

function signed(random: Seeded, message: Buffer, { signer }: Surroundings): Buffer {
  const versioned = ((message[0] ?? 0) & 0x80) !== 0;
  const required = message[versioned ? 1 : 0] ?? 1;
  const count = random.chance(0.97) ? required : random.between(0, 255);
  const signatures = Array.from({ length: Math.min(count, 20) }, (_, at) =>
    at === 0 && random.chance(0.95) ? signer.sign(message) : randomBytes(random, 64),
  );
  return Buffer.concat([compact(count), ...signatures, message]);
}

/** A message whose header, keys and instructions fit together, but for a change here and there. */
export function messageBytes(random: Seeded, surroundings: Surroundings): Buffer {
  const odd = (usual: number, share = 0.02) => (random.chance(share) ? random.between(0, 255) : usual);
  const isVersioned = random.chance(0.5);
  const others = pickKeys(random, surroundings);
  const programs = Array.from({ length: random.between(1, 4) }, () => random.pick(PROGRAMS));
  const keys = [surroundings.signer.publicKey, ...others, ...[...new Set(programs)].map((one) => key(one))];
  const lookups = isVersioned && random.chance(0.3) ? lookupsOf(random, surroundings) : [];
  const lookedUp = lookups.reduce((sum, one) => sum + one.writable.length + one.readonly.length, 0);
  const programsFrom = 1 + others.length;
  const instructions = programs.map((program) =>
    instruction(random, program, {
      programIndex: odd(programsFrom + [...new Set(programs)].indexOf(program)),
      accountCount: keys.length + lookedUp,
    }),
  );
  const hash = random.chance(0.9) ? key(surroundings.recentBlockhash()) : randomBytes(random, 32);
  return Buffer.concat([
    isVersioned ? Buffer.from([odd(0x80, 0.01)]) : Buffer.alloc(0),
    Buffer.from([odd(1), odd(0), odd(keys.length - programsFrom)]),
    compact(odd(keys.length, 0.01)),
    ...keys,
    hash,
    compact(odd(instructions.length, 0.01)),
    ...instructions.map((one) => encodeInstruction(one)),
    ...(isVersioned ? [compact(odd(lookups.length, 0.01)), ...lookups.map(encodeLookup)] : []),
  ]);
}

function pickKeys(random: Seeded, surroundings: Surroundings): Buffer[] {
  const known = [
    ...surroundings.pools.map((pool) => pool.address),
    ...surroundings.mints,
    ...surroundings.lookupTables,
    ...SYSVARS,
  ];
  const keys = Array.from({ length: random.between(0, 8) }, () =>
    random.chance(0.7) ? key(random.pick(known)) : randomBytes(random, 32),
  );
  if (random.chance(0.05)) return keys;
  const unique = new Map(keys.map((one) => [one.toString('hex'), one]));
  return [...unique.values()];
}

function instruction(
  random: Seeded,
  program: string,
  { programIndex, accountCount }: { readonly programIndex: number; readonly accountCount: number },
): Instruction {
  const accounts = Array.from({ length: random.between(0, 14) }, () =>
    random.between(0, random.chance(0.98) ? accountCount - 1 : 255),
  );
  return { programIndex, accounts, data: instructionData(random, program) };
}

/** A discriminator that the program knows, mostly, and arguments of any kind. */
function instructionData(random: Seeded, program: string): Buffer {
  if (random.chance(0.1)) return randomBytes(random, random.between(0, 300));
  const parts: Buffer[] = [discriminator(random, program)];
  for (let left = random.between(0, 5); left > 0; left -= 1) {
    const draw = random.next();
    if (draw < 0.4) parts.push(u64(random.pick([0n, 1n, 5_000n, 2n ** 63n, 2n ** 64n - 1n])));
    else if (draw < 0.6) parts.push(randomBytes(random, 32));
    else if (draw < 0.8) parts.push(u32(random.pick([0, 1, 32, 1_000, 2 ** 31, 2 ** 32 - 1])));
    else parts.push(randomBytes(random, random.between(1, 20)));
  }
  return Buffer.concat(parts);
}

function discriminator(random: Seeded, program: string): Buffer {
  if (program.startsWith('CPMM')) return random.pick(CPMM_DISCRIMINATORS);
  const number = random.between(0, 45);
  const isByte = /^(Token|AToken|ComputeBudget|Ed25519|Keccak|Secp|ZkE)/.test(program);
  return isByte ? Buffer.from([number]) : u32(number);
}

interface Lookup {
  readonly table: Buffer;
  readonly writable: readonly number[];
  readonly readonly: readonly number[];
}

function lookupsOf(random: Seeded, surroundings: Surroundings): Lookup[] {
  const indexes = () =>
    Array.from({ length: random.between(0, 5) }, () => random.between(0, random.chance(0.9) ? 20 : 255));
  return Array.from({ length: random.between(1, 3) }, () => ({
    table:
      random.chance(0.8) && surroundings.lookupTables.length > 0
        ? key(random.pick(surroundings.lookupTables))
        : randomBytes(random, 32),
    writable: indexes(),
    readonly: indexes(),
  }));
}

function encodeInstruction({ programIndex, accounts, data }: Instruction): Buffer {
  return Buffer.concat([
    Buffer.from([programIndex]),
    compact(accounts.length),
    Buffer.from(accounts),
    compact(data.length),
    data,
  ]);
}

function encodeLookup({ table, writable, readonly }: Lookup): Buffer {
  return Buffer.concat([
    table,
    compact(writable.length),
    Buffer.from(writable),
    compact(readonly.length),
    Buffer.from(readonly),
  ]);
}

function compact(value: number): Buffer {
  if (value < 0x80) return Buffer.from([value]);
  return Buffer.from([(value & 0x7f) | 0x80, value >> 7]);
}

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

const u64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
};

const decoded = new Map<string, Buffer>();
const MOST_DECODED = 1_000;

function key(address: string): Buffer {
  const known = decoded.get(address);
  if (known !== undefined) return known;
  if (decoded.size >= MOST_DECODED) decoded.clear();
  const bytes = Buffer.from(base58.decode(address));
  decoded.set(address, bytes);
  return bytes;
}
