// LiteSVM ends the process on malformed transactions, so one unchecked byte from any client would end the cluster.
import { ComputeBudgetProgram, PublicKey, TransactionInstruction } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import { createPrng } from '../../localnet/engine/prng.js';
import { MAX_WIRE_BYTES, parseTransaction } from '../../localnet/engine/wire.js';
import { WireError } from '../../localnet/engine/wire-error.js';
import {
  address,
  keypair,
  SYSTEM_PROGRAM,
  signedTransaction,
  solTransfer,
  TestCluster,
} from './engine-fixture.js';

const MUTATIONS = 20_000;
const HASH = address('some-hash');

function reasonOf(wire: Uint8Array): string {
  try {
    parseTransaction(wire);
    return 'accepted';
  } catch (error) {
    if (error instanceof WireError) return `${error.reason}: ${error.message}`;
    throw error;
  }
}

function edited(wire: Uint8Array, change: (bytes: number[]) => void): Uint8Array {
  const bytes = [...wire];
  change(bytes);
  return Uint8Array.from(bytes);
}

describe('transaction bytes', () => {
  const legacy = signedTransaction([solTransfer(address('bob'), 1n)], HASH, { legacy: true });
  const v0 = signedTransaction([solTransfer(address('bob'), 1n)], HASH);
  const LEGACY_HEADER = 65;
  const LEGACY_KEY_COUNT = 68;

  it('reads a legacy and a v0 transaction alike', () => {
    for (const [wire, version] of [[legacy, 'legacy'] as const, [v0, 0] as const]) {
      const tx = parseTransaction(wire);
      expect(tx.version).toBe(version);
      expect(tx.recentBlockhash).toBe(HASH);
      expect(tx.staticKeys.map((key) => new PublicKey(key).toBase58())).toEqual([
        address('alice'),
        address('bob'),
        SYSTEM_PROGRAM,
      ]);
      expect(tx.instructions).toHaveLength(1);
    }
  });

  it('takes 1232 bytes and refuses 1233', () => {
    const padded = (size: number) =>
      new TransactionInstruction({
        programId: new PublicKey(address('program')),
        keys: [],
        data: Buffer.alloc(size),
      });
    const overhead = signedTransaction([padded(1000)], HASH, { legacy: true }).length - 1000;
    const exact = signedTransaction([padded(MAX_WIRE_BYTES - overhead)], HASH, { legacy: true });
    expect(exact.length).toBe(MAX_WIRE_BYTES);
    expect(reasonOf(exact)).toBe('accepted');
    expect(reasonOf(new Uint8Array(MAX_WIRE_BYTES + 1))).toMatch(/^tooLarge/);
  });

  it.each([
    ['nothing', new Uint8Array(0), 'malformed'],
    ['every truncation', legacy.subarray(0, legacy.length - 1), 'malformed'],
    ['a trailing byte', edited(legacy, (bytes) => bytes.push(0)), 'malformed'],
    ['message version 1', edited(v0, (bytes) => (bytes[LEGACY_HEADER] = 0x81)), 'malformed'],
    ['a length in a longer form', edited(legacy, (bytes) => bytes.splice(0, 1, 0x81, 0)), 'malformed'],
    ['no required signature', edited(legacy, (bytes) => (bytes[LEGACY_HEADER] = 0)), 'sanitize'],
    ['fewer signatures than required', edited(legacy, (bytes) => (bytes[LEGACY_HEADER] = 2)), 'sanitize'],
    ['a read-only fee payer', edited(legacy, (bytes) => (bytes[LEGACY_HEADER + 1] = 1)), 'sanitize'],
    ['more read-only keys than keys', edited(legacy, (bytes) => (bytes[LEGACY_HEADER + 2] = 3)), 'sanitize'],
    [
      'one key twice',
      edited(legacy, (bytes) =>
        bytes.splice(LEGACY_KEY_COUNT + 33, 32, ...bytes.slice(LEGACY_KEY_COUNT + 1, LEGACY_KEY_COUNT + 33)),
      ),
      'sanitize',
    ],
    ['the fee payer as program', edited(legacy, (bytes) => (bytes[bytes.length - 17] = 0)), 'sanitize'],
    ['a program out of range', edited(legacy, (bytes) => (bytes[bytes.length - 17] = 3)), 'sanitize'],
    ['an account out of range', edited(legacy, (bytes) => (bytes[bytes.length - 14] = 3)), 'sanitize'],
    ['a key count beyond the end', edited(legacy, (bytes) => (bytes[LEGACY_KEY_COUNT] = 40)), 'malformed'],
  ])('refuses %s', (_, wire, reason) => {
    expect(reasonOf(wire)).toMatch(new RegExp(`^${reason}`));
  });

  it('refuses a lookup that takes nothing, and more than 64 accounts', () => {
    const withLookup = (indexes: number[]) =>
      edited(v0, (bytes) => {
        bytes.pop();
        bytes.push(1, ...new PublicKey(address('table')).toBytes(), indexes.length, ...indexes, 0);
      });
    expect(reasonOf(withLookup([]))).toMatch(/^sanitize/);
    expect(reasonOf(withLookup(Array.from({ length: 61 }, (_, index) => index)))).toBe('accepted');
    expect(reasonOf(withLookup(Array.from({ length: 62 }, (_, index) => index)))).toMatch(/65 accounts/);
  });

  it(`survives ${MUTATIONS} mutations with nothing but WireErrors, and the runtime survives what is accepted`, () => {
    const cluster = new TestCluster();
    const random = createPrng('wire-fuzz');
    const hash = cluster.headBlock().blockhash;
    const samples = [
      signedTransaction([solTransfer(address('bob'), 1n)], hash, { legacy: true }),
      signedTransaction([solTransfer(address('bob'), 2n)], hash),
      signedTransaction(
        [ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 5 }), solTransfer(address('bob'), 3n)],
        hash,
      ),
      signedTransaction(
        [solTransfer(address('bob'), 4n), solTransfer(address('alice'), 5n, keypair('bob'))],
        hash,
        {
          signers: [keypair('alice'), keypair('bob')],
        },
      ),
    ];
    let accepted = 0;
    for (let count = 0; count < MUTATIONS; count += 1) {
      const wire = mutate(samples[count % samples.length]!, random);
      if (reasonOf(wire) !== 'accepted') continue;
      accepted += 1;
      cluster.send(wire);
      cluster.engine.simulate({ wire, sigVerify: false, replaceRecentBlockhash: true, accounts: [] });
      cluster.events.length = 0;
    }
    expect(accepted).toBeGreaterThan(1_000);
    expect(accepted).toBeLessThan(MUTATIONS);
  });
});

function mutate(sample: Uint8Array, random: () => number): Uint8Array {
  const bytes = [...sample];
  const pick = (limit: number) => Math.floor(random() * limit);
  const times = 1 + pick(3);
  for (let count = 0; count < times; count += 1) {
    const at = random() < 0.5 ? pick(bytes.length) : Math.min(bytes.length, 64 + pick(8));
    const kind = pick(5);
    if (kind === 0) bytes[at] = pick(256);
    else if (kind === 1) bytes[at] = (bytes[at] ?? 0) ^ (1 << pick(8));
    else if (kind === 2) bytes.splice(at, 1 + pick(4));
    else if (kind === 3) bytes.splice(at, 0, pick(256));
    else if (random() < 0.2) bytes.length = at;
  }
  return Uint8Array.from(bytes, (byte) => byte ?? 0);
}
