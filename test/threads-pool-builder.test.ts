/** The workers build what is built in place, refuse in the same words, and forget keys when told to. */
import { afterEach, describe, expect, it } from 'vitest';
import { SigningKey } from '../src/keys/signing-key.js';
import { ownClock, publishClock } from '../src/threads/build-clock.js';
import { InlineBuilder } from '../src/threads/inline-builder.js';
import { PoolBuilder } from '../src/threads/pool-builder.js';
import type { BuildOutcome, BuildRequest } from '../src/threads/types.js';
import { systemClock } from '../src/time/clock.js';
import { builderRig, type Rig } from './support/builder-rig.js';

const open: PoolBuilder[] = [];

function setUp(workers = 1): { rig: Rig; inline: InlineBuilder; pool: PoolBuilder } {
  const rig = builderRig();
  publishClock(rig.board, systemClock);
  const inline = new InlineBuilder({ ...rig, clock: ownClock(systemClock) });
  const pool = new PoolBuilder({ ...rig, workers });
  open.push(pool);
  return { rig, inline, pool };
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((pool) => pool.close()));
});

/** Everything but what differs from run to run. */
const comparable = (outcome: BuildOutcome): object => ({
  ...outcome,
  ...(outcome.ok ? { wire: [...outcome.wire] } : {}),
  quoteUs: 0,
  buildUs: 0,
  signUs: 0,
  lane: '',
});

describe('the pool of signing workers', () => {
  it('gives the bytes, signature and numbers that in-place building gives', async () => {
    const { rig, inline, pool } = setUp();
    const changes: Partial<BuildRequest>[] = [
      {},
      { zeroForOne: false, amount: 7_777_777n },
      { mode: 'exactOut', amount: 1_000_000n, limit: 2n ** 64n - 1n },
      { zeroSignature: true },
      { priceRaisePercent: 250 },
      { priceRaisePercent: 250, maxComputeUnitPriceMicroLamports: 1_111n },
      { validityBlocks: 60, computeUnitLimit: 0xffff_ffff, computeUnitPriceMicroLamports: 2n ** 64n - 1n },
      { pending: [{ zeroForOne: true, amountIn: 5_000_000_000n, amountOut: 700_000_000n }] },
    ];
    rig.board.setFeeLevelMicroLamports(1, 77_000);
    for (const change of changes) {
      const request = rig.request(change);
      expect(comparable(await pool.build(request))).toEqual(comparable(inline.build(request)));
    }
    expect((await pool.build(rig.request())).ok && (await pool.build(rig.request()))).toMatchObject({
      lane: 'pool',
    });
  });

  it('passes refusals whole, code, context and all', async () => {
    const { rig, inline, pool } = setUp();
    rig.board.setPoolAge(1, 9);
    const refusal = await pool.build(rig.request());
    expect(refusal).toEqual(inline.build(rig.request()));
    expect(refusal).toMatchObject({
      ok: false,
      error: { code: 'POOL_STALE', context: { ageSlots: 9, maxAgeSlots: 3 } },
    });
    expect(await pool.build(rig.request({ pool: rig.pool.vault1 }))).toMatchObject({
      error: { code: 'ROUTE_UNKNOWN' },
    });
    const pending = Array.from({ length: 33 }, () => ({ zeroForOne: true, amountIn: 1n, amountOut: 1n }));
    expect(await pool.build(rig.request({ pending }))).toMatchObject({ error: { code: 'QUEUE_FULL' } });
  });

  it('sees the board’s newest numbers and the kill switch without a message', async () => {
    const { rig, pool } = setUp();
    expect((await pool.build(rig.request())).ok).toBe(true);
    rig.board.setKillSwitch('stop');
    expect(await pool.build(rig.request())).toMatchObject({ error: { code: 'KILL_SWITCH_ACTIVE' } });
    rig.board.setKillSwitch('off');
    expect((await pool.build(rig.request())).ok).toBe(true);
  });

  it('measures the stream’s age by the main thread’s clock', async () => {
    const { rig, pool } = setUp();
    rig.board.setMaxStreamAgeMs(60_000);
    rig.board.setStreamActivity(systemClock.monotonicUs());
    expect((await pool.build(rig.request())).ok).toBe(true);
    rig.board.setStreamActivity(systemClock.monotonicUs() - 61_000_000);
    expect(await pool.build(rig.request())).toMatchObject({ error: { code: 'STREAM_STALE' } });
  });

  it('learns of keys and routes that come later, and forgets a removed key', async () => {
    const { rig, pool } = setUp(2);
    const key = SigningKey.fromSeed('trading-key-2', new Uint8Array(32).fill(8));
    expect(await pool.build(rig.request({ wallet: key.address }))).toMatchObject({
      error: { code: 'KEY_LOCKED' },
    });
    rig.keys.add(key);
    const outcomes = await Promise.all(
      [1, 2, 3, 4].map(() => pool.build(rig.request({ wallet: key.address }))),
    );
    expect(outcomes.every((outcome) => outcome.ok)).toBe(true);
    rig.keys.remove(key.address);
    expect(await pool.build(rig.request({ wallet: key.address }))).toMatchObject({
      error: { code: 'KEY_LOCKED' },
    });
    expect((await pool.build(rig.request())).ok).toBe(true);
  });

  it('signs on a successor what a worker that died had begun, with the keys and routes that it knew', async () => {
    const { rig, inline, pool } = setUp(2);
    await pool.build(rig.request());
    const requests = Array.from({ length: 60 }, (_, i) =>
      rig.request({ amount: BigInt(i + 1) * 1_000_000n }),
    );
    const building = requests.map((request) => pool.build(request));
    await pool.terminateWorkers();
    const built = await Promise.all(building);
    expect(built.flatMap((one) => (one.ok ? [] : [one.error]))).toEqual([]);
    expect(built.map(comparable)).toEqual(requests.map((request) => comparable(inline.build(request))));
    expect(pool.stats()).toMatchObject({ alive: 2, inFlight: 0, failedTasks: 0 });
    expect(pool.stats().restarts).toBeGreaterThanOrEqual(2);
  });

  it('answers a burst on all workers and a request after close with a code', async () => {
    const { rig, pool } = setUp(2);
    const burst = await Promise.all(
      Array.from({ length: 100 }, (_, i) => pool.build(rig.request({ amount: BigInt(i + 1) * 1_000_000n }))),
    );
    const signatures = burst.map((outcome) => (outcome.ok ? outcome.signature : outcome.error.code));
    expect(new Set(signatures).size).toBe(100);
    await pool.close();
    expect(await pool.build(rig.request())).toMatchObject({ ok: false, error: { code: 'SHUTTING_DOWN' } });
  });
});
