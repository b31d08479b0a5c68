/** SIGNING=auto: alone in place, in a burst on the workers, and the numbers behind the choice are shown. */
import { afterEach, describe, expect, it } from 'vitest';
import type { AdaptiveBuilder, SigningMode } from '../src/threads/adaptive-builder.js';
import { createAttemptBuilder } from '../src/threads/create-builder.js';
import { systemClock } from '../src/time/clock.js';
import { builderRig } from './support/builder-rig.js';
import { ManualClock } from './support/manual-clock.js';

/** Time passes by so many µs a look, so that the choice rests on numbers that do not depend on this machine. */
class TickingClock extends ManualClock {
  #looks = 0;
  readonly #stepUs: number;

  constructor(stepUs: number) {
    super();
    this.#stepUs = stepUs;
  }

  override monotonicUs(): number {
    this.#looks++;
    return super.monotonicUs() + this.#stepUs * this.#looks;
  }
}

const open: AdaptiveBuilder[] = [];

function setUp(mode: SigningMode, queueDepth?: () => number, stepUs = 5) {
  const rig = builderRig();
  const clock = mode === 'auto' ? new TickingClock(stepUs) : systemClock;
  const builder = createAttemptBuilder({
    ...rig,
    mode,
    clock,
    workers: 2,
    ...(queueDepth ? { queueDepth } : {}),
  });
  open.push(builder);
  return { rig, builder, clock };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

afterEach(async () => {
  await Promise.all(open.splice(0).map((builder) => builder.close()));
});

describe('the choice of where to sign', () => {
  it('is as told by inline and pool', async () => {
    const inline = setUp('inline');
    expect(await inline.builder.build(inline.rig.request())).toMatchObject({ ok: true, lane: 'inline' });
    expect(inline.builder.stats()).toMatchObject({
      mode: 'inline',
      inlineCount: 1,
      poolCount: 0,
      pool: undefined,
    });
    const pool = setUp('pool');
    expect(await pool.builder.build(pool.rig.request())).toMatchObject({ ok: true, lane: 'pool' });
    expect(pool.builder.stats()).toMatchObject({
      poolCount: 1,
      lastLane: 'pool',
      pool: { workers: 2, alive: 2 },
    });
  });

  it('is in place for a trade that comes alone, again and again', async () => {
    const { rig, builder } = setUp('auto');
    for (let i = 0; i < 30; i++) {
      expect(await builder.build(rig.request())).toMatchObject({ lane: 'inline' });
      await nextTurn();
    }
  });

  it('is in place for a trade that comes alone, however slow signing has become', async () => {
    const { rig, builder } = setUp('auto', undefined, 500);
    for (let i = 0; i < 60; i++) {
      expect(await builder.build(rig.request())).toMatchObject({ lane: 'inline' });
      await nextTurn();
    }
    expect(builder.stats().inlineUs).toBeGreaterThan(2 * builder.stats().hopUs);
  });

  it('is the workers for the rest of a burst, once waiting in place costs more than the hop', async () => {
    const { rig, builder } = setUp('auto');
    const outcomes = await Promise.all(Array.from({ length: 60 }, () => builder.build(rig.request())));
    const lanes = outcomes.map((outcome) => (outcome.ok ? outcome.lane : 'refused'));
    expect(lanes[0]).toBe('inline');
    expect(lanes).toContain('pool');
    expect(lanes).not.toContain('refused');
    expect(builder.stats().poolCount + builder.stats().inlineCount).toBe(60);
  });

  it('is in place again once a worker was late, as one is that gets no processor', async () => {
    let depth = 500;
    const { rig, builder, clock } = setUp('auto', () => depth);
    const slow = builder.build(rig.request());
    (clock as ManualClock).advance(50);
    expect(await slow).toMatchObject({ lane: 'pool' });
    depth = 60;
    expect(await builder.build(rig.request())).toMatchObject({ lane: 'inline' });
  });

  it('is the workers at once where the queue is known to be long', async () => {
    const { rig, builder } = setUp('auto', () => 500);
    expect(await builder.build(rig.request())).toMatchObject({ lane: 'pool' });
  });
});
