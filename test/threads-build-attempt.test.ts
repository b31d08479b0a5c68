/** One attempt: fresh or not at all (L5), within the intent's limit, and the bytes that web3.js would send. */

import { base58 } from '@scure/base';
import { TransactionMessage, VersionedTransaction } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import { swapInstruction } from '../src/market/raydium-cpmm-instruction.js';
import { quoteExactIn, quoteExactOut } from '../src/market/raydium-cpmm-quote.js';
import { InlineBuilder } from '../src/threads/inline-builder.js';
import type { BuildFailure, BuildRequest, BuiltAttempt } from '../src/threads/types.js';
import { setComputeUnitLimit, setComputeUnitPrice } from '../src/transaction/compute-budget.js';
import { swapTokenAccounts } from '../src/transaction/prepared-swap.js';
import { builderRig, hashAt, RIG_HEAD, type Rig } from './support/builder-rig.js';
import { PLAIN_STATE } from './support/cpmm-accounts.js';
import { web3Instructions } from './support/peer-messages.js';

const NOW_MS = 1_700_000_000_000;

function builderOf(rig: Rig, nowUs = 5_000_000): InlineBuilder {
  return new InlineBuilder({ ...rig, clock: { nowMs: () => NOW_MS, nowUs: () => nowUs } });
}

function built(outcome: BuiltAttempt | BuildFailure): BuiltAttempt {
  if (!outcome.ok) throw new Error(`${outcome.error.code} ${JSON.stringify(outcome.error.context)}`);
  return outcome;
}

function refused(outcome: BuiltAttempt | BuildFailure) {
  if (outcome.ok) throw new Error('it was built');
  return { code: outcome.error.code, ...outcome.error.context };
}

const build = (rig: Rig, change: Partial<BuildRequest> = {}) => builderOf(rig).build(rig.request(change));

describe('the price of an attempt', () => {
  const most = 2n ** 64n - 1n;

  it.each([
    ['the least, while nobody pays more', { level: 1_233, raise: 0, most }, 1_234n],
    ['what others pay on this pool, where that is more', { level: 50_000, raise: 0, most }, 50_000n],
    ['the same with a raise', { level: 50_000, raise: 150, most }, 125_000n],
    ['the least with a raise', { level: 0, raise: 50, most }, 1_851n],
    ['the cap, whatever others do', { level: 4_000_000_000, raise: 50, most: 99_000n }, 99_000n],
  ])('is %s', (_, { level, raise, most: maxComputeUnitPriceMicroLamports }, price) => {
    const rig = builderRig();
    rig.board.setFeeLevelMicroLamports(1, level);
    rig.board.setFeeLevelMicroLamports(2, 4_000_000_000);
    const attempt = built(build(rig, { priceRaisePercent: raise, maxComputeUnitPriceMicroLamports }));
    expect(attempt.computeUnitPriceMicroLamports).toBe(price);
    // SetComputeUnitPrice: 3, then the price as u64; nothing else of the message begins so.
    const instruction = Buffer.from(setComputeUnitPrice(price).data);
    expect(Buffer.from(attempt.wire).includes(instruction)).toBe(true);
  });
});

describe('an attempt', () => {
  it.each([
    ['exactIn', true],
    ['exactIn', false],
    ['exactOut', true],
    ['exactOut', false],
  ] as const)('has the very bytes of web3.js, signature included (%s, zeroForOne %s)', (mode, zeroForOne) => {
    const rig = builderRig();
    const limit = mode === 'exactIn' ? 1n : 2n ** 63n;
    const attempt = built(build(rig, { mode, zeroForOne, limit }));
    const wallet = rig.request().wallet;
    const accounts = swapTokenAccounts(rig.pool, wallet, zeroForOne);
    const swap = { mode, zeroForOne, amount: 1_000_000_000n, limit: attempt.limit };
    const instructions = web3Instructions([
      setComputeUnitLimit(60_000),
      setComputeUnitPrice(1234n),
      swapInstruction(rig.pool, { wallet, ...accounts }, swap),
    ]);
    const message = new TransactionMessage({
      payerKey: rig.keypair.publicKey,
      recentBlockhash: hashAt(500),
      instructions,
    });
    const transaction = new VersionedTransaction(message.compileToLegacyMessage());
    transaction.sign([rig.keypair]);
    expect(Buffer.from(attempt.wire).toString('hex')).toBe(
      Buffer.from(transaction.serialize()).toString('hex'),
    );
    expect(attempt.signature).toBe(base58.encode(transaction.signatures[0]!));
    expect(attempt).toMatchObject({
      blockhash: hashAt(500),
      lastValidBlockHeight: 650,
      signedSlot: RIG_HEAD,
      poolSlot: 999,
      lane: 'inline',
    });
  });

  it('tightens the limit by the fresh quote and never loosens it', () => {
    const rig = builderRig();
    const fresh = quoteExactIn(PLAIN_STATE, true, 1_000_000_000n).amountOut;
    expect(built(build(rig, { limit: 1n })).limit).toBe(fresh - (fresh * 100n) / 10_000n);
    expect(built(build(rig, { limit: fresh })).limit).toBe(fresh);
    expect(refused(build(rig, { limit: fresh + 1n }))).toEqual({
      code: 'LIMIT_NOT_MET',
      quoted: String(fresh),
      limit: String(fresh + 1n),
    });
    const cost = quoteExactOut(PLAIN_STATE, true, 1_000_000n).amountIn;
    const out = { mode: 'exactOut' as const, amount: 1_000_000n };
    expect(built(build(rig, { ...out, limit: cost * 2n })).limit).toBe(cost + (cost * 100n) / 10_000n);
    expect(built(build(rig, { ...out, limit: cost })).limit).toBe(cost);
    expect(refused(build(rig, { ...out, limit: cost - 1n })).code).toBe('LIMIT_NOT_MET');
  });

  it('says which is stale, how old it is and what was allowed: the pool at its last good and first bad age', () => {
    const rig = builderRig();
    rig.board.setPoolAge(1, 3);
    expect(build(rig).ok).toBe(true);
    rig.board.setPoolAge(1, 4);
    expect(refused(build(rig))).toMatchObject({
      code: 'POOL_STALE',
      ageSlots: 4,
      maxAgeSlots: 3,
      slot: RIG_HEAD - 4,
      headSlot: RIG_HEAD,
      suspect: false,
    });
    rig.board.setPoolAge(1, 0);
    rig.board.setPoolAge(1, Number.POSITIVE_INFINITY);
    expect(refused(build(rig))).toMatchObject({ code: 'POOL_STALE', suspect: true });
    rig.board.clearPool(1);
    expect(refused(build(rig))).toEqual({ code: 'POOL_NOT_READY', pool: rig.pool.pool });
  });

  it('says the same of the blockhash', () => {
    const rig = builderRig();
    rig.board.setHeadSlot(1008);
    rig.board.setPoolAge(1, 0);
    expect(build(rig).ok).toBe(true);
    rig.board.setHeadSlot(1009);
    rig.board.setPoolAge(1, 0);
    expect(refused(build(rig))).toMatchObject({
      code: 'BLOCKHASH_STALE',
      ageSlots: 11,
      maxAgeSlots: 10,
      slot: 998,
      headSlot: 1009,
    });
  });

  it('says the same of the stream', () => {
    const rig = builderRig();
    rig.board.setMaxStreamAgeMs(1800);
    rig.board.setStreamActivity(3_200_000);
    expect(builderOf(rig, 5_000_000).build(rig.request()).ok).toBe(true);
    expect(refused(builderOf(rig, 5_001_000).build(rig.request()))).toMatchObject({
      code: 'STREAM_STALE',
      ageMs: 1801,
      maxAgeMs: 1800,
    });
  });

  it('signs on an older hash where less validity is asked', () => {
    const attempt = built(build(builderRig(), { validityBlocks: 60 }));
    expect(attempt).toMatchObject({ blockhash: hashAt(410), lastValidBlockHeight: 560 });
    expect(refused(build(builderRig(), { validityBlocks: 10 })).code).toBe('BLOCKHASH_STALE');
  });

  it('quotes the worse of with and without our own unseen trades', () => {
    const rig = builderRig();
    const amount = 1_000_000_000n;
    const first = quoteExactIn(PLAIN_STATE, true, amount);
    const sameWay = { zeroForOne: true, amountIn: amount, amountOut: first.amountOut };
    const otherWay = { zeroForOne: false, amountIn: first.amountOut, amountOut: amount / 2n };
    const alone = built(build(rig)).quotedOut;
    const after = built(build(rig, { pending: [sameWay] })).quotedOut;
    expect(after).toBeLessThan(alone);
    expect(built(build(rig, { pending: [otherWay] })).quotedOut).toBe(alone);
    expect(built(build(rig, { pending: [sameWay, otherWay] })).quotedOut).toBe(after);
    const tooMany = Array.from({ length: 33 }, () => sameWay);
    expect(build(rig, { pending: tooMany.slice(1) }).ok).toBe(true);
    expect(refused(build(rig, { pending: tooMany, limit: 1n })).code).toBe('QUEUE_FULL');
  });

  it('is not signed under stop, but simulated all the same, with zeros for a signature', () => {
    const rig = builderRig();
    rig.board.setKillSwitch('drain');
    expect(build(rig).ok).toBe(true);
    rig.board.setKillSwitch('stop');
    expect(refused(build(rig))).toEqual({ code: 'KILL_SWITCH_ACTIVE' });
    const dry = built(build(rig, { zeroSignature: true }));
    expect(dry.signature).toBeUndefined();
    expect(dry.wire.subarray(1, 65).every((byte) => byte === 0)).toBe(true);
  });

  it('creates the output account only while it is missing', () => {
    const rig = builderRig();
    const { outputAccount } = swapTokenAccounts(rig.pool, rig.request().wallet, true);
    const plain = built(build(rig)).wire.length;
    rig.missingAccounts.add(outputAccount);
    expect(built(build(rig)).wire.length).toBeGreaterThan(plain);
    rig.missingAccounts.clear();
    expect(built(build(rig)).wire.length).toBe(plain);
    expect(rig.routes.all()).toHaveLength(2);
  });

  it('is refused without a key, a route, or an open pool', () => {
    const rig = builderRig();
    expect(refused(build(rig, { pool: rig.pool.vault0 })).code).toBe('ROUTE_UNKNOWN');
    rig.keys.remove(rig.request().wallet);
    expect(refused(build(rig)).code).toBe('KEY_LOCKED');
    expect(refused(build(builderRig({ ...PLAIN_STATE, swapEnabled: false }))).code).toBe('POOL_DISABLED');
    const opening = BigInt(NOW_MS / 1000);
    expect(build(builderRig({ ...PLAIN_STATE, openTime: opening })).ok).toBe(true);
    expect(refused(build(builderRig({ ...PLAIN_STATE, openTime: opening + 1n }))).code).toBe('POOL_DISABLED');
  });

  it('gives every attempt bytes of its own', () => {
    const rig = builderRig();
    const first = built(build(rig));
    const kept = Buffer.from(first.wire).toString('hex');
    built(build(rig, { amount: 5_000_000n, limit: 0n }));
    expect(Buffer.from(first.wire).toString('hex')).toBe(kept);
  });
});
