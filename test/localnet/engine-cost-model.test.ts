// A block's room and a leader's order both hang on the cost of a transaction: Agave's numbers, worked out by hand.
import {
  ComputeBudgetProgram,
  Ed25519Program,
  SystemProgram,
  type TransactionInstruction,
} from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import { usedUnits } from '../../localnet/engine/cost-model.js';
import { pendingTransaction } from '../../localnet/engine/open-block.js';
import { parseTransaction } from '../../localnet/engine/wire.js';
import { address, keypair, signedTransaction, solTransfer } from './engine-fixture.js';

const transfer = solTransfer(address('bob'), 1n);
const limit = (units: number) => ComputeBudgetProgram.setComputeUnitLimit({ units });
const price = (microLamports: number) => ComputeBudgetProgram.setComputeUnitPrice({ microLamports });
/** 64 MiB in pages of 32 KiB, 8 units each. */
const LOADED = 16_384;

function pending(instructions: TransactionInstruction[], sticky = false) {
  const wire = signedTransaction(instructions, address('any hash'));
  return pendingTransaction(parseTransaction(wire), { external: true, sticky })!;
}

describe('the cost of a transaction', () => {
  it('is signatures, write locks, data, requested units and what may be loaded', () => {
    // One signature, two accounts written, 12 bytes of data; a builtin asks for 3,000.
    expect(pending([transfer]).cost).toEqual({
      fixedUnits: 720 + 600 + 3,
      requestedUnits: 720 + 600 + 3 + 3_000 + LOADED,
    });
    // 12 + 5 bytes of data.
    expect(pending([limit(77_000), transfer]).cost.requestedUnits).toBe(720 + 600 + 4 + 77_000 + LOADED);
  });

  it('counts what a smaller loaded-data limit saves', () => {
    const loaded = ComputeBudgetProgram.programId;
    const data = Buffer.alloc(5);
    data[0] = 4;
    data.writeUInt32LE(32 * 1024 + 1, 1);
    const { cost } = pending([limit(1_000), { programId: loaded, keys: [], data }, transfer]);
    expect(cost.requestedUnits).toBe(720 + 600 + Math.floor(22 / 4) + 1_000 + 16);
  });

  it('counts signatures that a program verifies', () => {
    const { secretKey } = keypair('alice');
    const verify = Ed25519Program.createInstructionWithPrivateKey({
      privateKey: secretKey,
      message: Buffer.from('x'),
    });
    const dataUnits = Math.floor((verify.data.length + 12) / 4);
    expect(pending([verify, transfer]).cost.fixedUnits).toBe(720 + 2_400 + 600 + dataUnits);
  });

  it('is in the end what was used and loaded', () => {
    const { cost } = pending([transfer]);
    expect(usedUnits(cost, 150, 40_000)).toBe(720 + 600 + 3 + 150 + 16);
  });
});

describe('the priority of a transaction', () => {
  it('is the priority fee and half the base fee, for each unit of the cost', () => {
    const cheap = pending([limit(100_000), transfer]);
    expect(cheap.priority).toBe(Math.floor(2_500_000_000 / (cheap.cost.requestedUnits + 1)));
    const paid = pending([limit(100_000), price(50_000), transfer]);
    expect(paid.priority).toBe(Math.floor(7_500_000_000 / (paid.cost.requestedUnits + 1)));
  });

  it('falls with a limit that is asked for and not needed', () => {
    const exact = pending([limit(10_000), price(1_000), transfer]);
    const wasteful = pending([limit(1_400_000), price(1_000), transfer]);
    expect(exact.priority).toBeGreaterThan(wasteful.priority);
  });

  it('is above all others for the cluster’s own', () => {
    expect(pending([SystemProgram.transfer(transferOf(1n))], true).priority).toBe(Number.POSITIVE_INFINITY);
  });

  it('does not exist where the compute budget is refused', () => {
    const wire = signedTransaction([limit(1), limit(2), transfer], address('any hash'));
    expect(pendingTransaction(parseTransaction(wire), { external: true, sticky: false })).toBeUndefined();
  });
});

function transferOf(lamports: bigint) {
  return { fromPubkey: keypair('alice').publicKey, toPubkey: keypair('bob').publicKey, lamports };
}
