/**
 * Our compiler's bytes are those of @solana/web3.js and of @solana/kit for the same instructions. The shapes are
 * random and seeded: keys shared between instructions, signers, programs among accounts, lookup tables.
 */
import { PublicKey, Transaction } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import { type Address, asAddress, asBlockhash } from '../src/model/brands.js';
import { encode32 } from '../src/transaction/base58.js';
import type { Instruction } from '../src/transaction/instruction.js';
import { compileMessage } from '../src/transaction/message.js';
import { kitBytes, type MessageShape, web3Bytes, web3Instructions } from './support/peer-messages.js';
import { type SeededRandom, seededRandom } from './support/seeded-random.js';

const SHAPES = 2000;

const randomAddress = (random: SeededRandom): Address =>
  asAddress(encode32(Uint8Array.from({ length: 32 }, () => random.below(256))));

/** @param kit kit refuses an invoked program that is writable, and web3.js one that signs; neither is drawn */
function randomShape(random: SeededRandom, withTables: boolean): MessageShape {
  const programs = Array.from({ length: 1 + random.below(4) }, () => randomAddress(random));
  const addresses = Array.from({ length: 1 + random.below(16) }, () => randomAddress(random));
  const payer = random.below(4) === 0 ? addresses[0]! : randomAddress(random);
  const signers = new Set(addresses.filter(() => random.below(8) === 0).slice(0, 2));
  const instructions = Array.from({ length: 1 + random.below(4) }, () => ({
    programId: programs[random.below(programs.length)]!,
    accounts: Array.from({ length: random.below(10) }, () => {
      if (random.below(12) === 0) {
        return { address: programs[random.below(programs.length)]!, signer: false, writable: false };
      }
      const address = addresses[random.below(addresses.length)]!;
      return { address, signer: signers.has(address), writable: random.below(2) === 0 };
    }),
    data: Uint8Array.from({ length: random.below(40) }, () => random.below(256)),
  }));
  const tabled = addresses.filter(() => random.below(2) === 0);
  const cut = random.below(tabled.length + 1);
  const pad = (list: readonly Address[]): Address[] => [
    ...Array.from({ length: random.below(5) }, () => randomAddress(random)),
    ...list,
  ];
  const tables = withTables
    ? [
        { address: randomAddress(random), addresses: pad(tabled.slice(0, cut)) },
        { address: randomAddress(random), addresses: pad(tabled.slice(cut)) },
      ]
    : [];
  return { payer, instructions, tables, blockhash: asBlockhash(randomAddress(random)) };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Shapes that fit: over 1232 bytes ours refuses and theirs fail in their own ways. */
function forEachShape(seed: number, withTables: boolean, check: (shape: MessageShape) => void): number {
  const random = seededRandom(seed);
  let checked = 0;
  for (let i = 0; i < SHAPES; i++) {
    const shape = randomShape(random, withTables);
    try {
      compileMessage({ ...shape, version: 'v0', lookupTables: shape.tables });
      compileMessage({ ...shape, version: 'legacy' });
    } catch (error) {
      expect(error).toMatchObject({ code: 'TRANSACTION_TOO_LARGE' });
      continue;
    }
    check(shape);
    checked++;
  }
  return checked;
}

describe('compiled messages', () => {
  it('equal @solana/web3.js byte for byte, legacy and v0 with tables', () => {
    const checked = forEachShape(11, true, (shape) => {
      const ours = compileMessage({ ...shape, version: 'v0', lookupTables: shape.tables });
      expect(hex(ours.bytes)).toBe(hex(web3Bytes(shape, 'v0')));
      const legacy = compileMessage({ ...shape, version: 'legacy' });
      expect(hex(legacy.bytes)).toBe(hex(web3Bytes(shape, 'legacy')));
    });
    expect(checked).toBeGreaterThan(SHAPES / 2);
  });

  it('equal @solana/kit byte for byte in its order, legacy and v0 with tables', () => {
    const checked = forEachShape(12, true, (shape) => {
      const legacy = compileMessage({ ...shape, version: 'legacy', keyOrder: 'sorted' });
      expect(hex(legacy.bytes)).toBe(hex(kitBytes(shape, 'legacy')));
      const v0 = compileMessage({ ...shape, version: 'v0', lookupTables: shape.tables, keyOrder: 'sorted' });
      expect(hex(v0.bytes)).toBe(hex(kitBytes(shape, 'v0')));
    });
    expect(checked).toBeGreaterThan(SHAPES / 2);
  });

  it('equal web3.js’s older Transaction, which sorts like kit', () => {
    const random = seededRandom(13);
    for (let i = 0; i < 300; i++) {
      const shape = randomShape(random, false);
      const transaction = new Transaction({
        feePayer: new PublicKey(shape.payer),
        recentBlockhash: shape.blockhash,
      });
      transaction.add(...web3Instructions(shape.instructions));
      const ours = compileMessage({ ...shape, version: 'legacy', keyOrder: 'sorted' });
      expect(hex(ours.bytes)).toBe(hex(transaction.serializeMessage()));
    }
  });

  it('lists every locked account with its rights, looked-up ones last', () => {
    const random = seededRandom(14);
    const [payer, program, a, b, table] = Array.from({ length: 5 }, () => randomAddress(random)) as [
      Address,
      Address,
      Address,
      Address,
      Address,
    ];
    const instruction: Instruction = {
      programId: program,
      accounts: [
        { address: b, signer: false, writable: false },
        { address: a, signer: false, writable: true },
      ],
      data: new Uint8Array(),
    };
    const message = compileMessage({
      payer,
      instructions: [instruction],
      blockhash: asBlockhash(randomAddress(random)),
      version: 'v0',
      lookupTables: [{ address: table, addresses: [b, a] }],
    });
    expect(message.accounts).toEqual([
      { address: payer, signer: true, writable: true },
      { address: program, signer: false, writable: false },
      { address: a, signer: false, writable: true },
      { address: b, signer: false, writable: false },
    ]);
  });

  it('takes 64 accounts through tables and refuses the 65th with a code', () => {
    const random = seededRandom(15);
    const others = Array.from({ length: 63 }, () => randomAddress(random));
    const request = (count: number) => ({
      payer: asAddress('4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM'),
      instructions: [
        {
          programId: others[0]!,
          accounts: others.slice(1, count).map((address) => ({ address, signer: false, writable: true })),
          data: new Uint8Array(),
        },
      ],
      blockhash: asBlockhash('11111111111111111111111111111111'),
      version: 'v0' as const,
      lookupTables: [{ address: randomAddress(random), addresses: others }],
    });
    expect(compileMessage(request(63)).accounts).toHaveLength(64);
    others.push(randomAddress(random));
    expect(() => compileMessage(request(64))).toThrow(expect.objectContaining({ code: 'TOO_MANY_ACCOUNTS' }));
  });

  it('takes 1232 bytes and refuses 1233 with a code', () => {
    const request = (bytes: number) => ({
      payer: asAddress('4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM'),
      instructions: [
        {
          programId: asAddress('ComputeBudget111111111111111111111111111111'),
          accounts: [],
          data: new Uint8Array(bytes),
        },
      ],
      blockhash: asBlockhash('11111111111111111111111111111111'),
      version: 'legacy' as const,
    });
    // 65 of signatures, 3 of header, 1 + 64 of keys, 32 of hash, 1 of count, 1 + 1 + 2 of instruction.
    expect(compileMessage(request(1062)).bytes.length + 65).toBe(1232);
    expect(() => compileMessage(request(1063))).toThrow(
      expect.objectContaining({ code: 'TRANSACTION_TOO_LARGE', context: { bytes: 1233, limit: 1232 } }),
    );
  });
});
