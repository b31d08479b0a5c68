/** A landing in the very slot in which the stream was cut is never told again: trades waited 1.5 s for a poll. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SlotView } from '../src/cache/types.js';
import { AttemptTracker } from '../src/confirm/attempt-tracker.js';
import { asBlockHeight, asSignature, asSlot } from '../src/model/brands.js';
import { ManualClock } from './support/manual-clock.js';
import { settled } from './support/transactions.js';

const SLOT = asSlot(100);
const SWEEP_MS = 250;
const QUIET_MS = 1_500;

const SLOTS: SlotView = {
  head: () => SLOT,
  slot: () => SLOT,
  blockHeight: () => asBlockHeight(90),
  isOnHeadFork: () => true,
  statusOf: () => 'unknown',
  firstSlotAboveHeight: () => undefined,
  observedBlockMs: () => 400,
};

function setUp() {
  const clock = new ManualClock();
  const asked: string[][] = [];
  const node = { answer: Promise.resolve() };
  const tracker = new AttemptTracker({
    slots: SLOTS,
    clock,
    streamName: 'test',
    onPollError: (error) => {
      throw error;
    },
    statuses: {
      statuses: async (signatures) => {
        asked.push([...signatures]);
        await node.answer;
        return { contextSlot: SLOT, host: 'node', statuses: signatures.map(() => undefined) };
      },
      firstAvailableBlock: async () => asSlot(0),
    },
  });
  onTestFinished(() => tracker.close());
  for (const name of ['one', 'two']) {
    tracker.track({
      signature: asSignature(name),
      lastValidBlockHeight: asBlockHeight(200),
      signedSlot: SLOT,
    });
  }
  return { clock, asked, node, tracker };
}

describe('attempts that are out when the stream has missed something', () => {
  it('are all asked about at the next sweep, without waiting for silence', () => {
    const { clock, asked, tracker } = setUp();
    clock.advance(SWEEP_MS);
    expect(asked).toEqual([]);
    tracker.hurryAll();
    clock.advance(SWEEP_MS);
    expect(asked).toEqual([['one', 'two']]);
  });

  it('are asked about once more where the answer on its way may be from before', async () => {
    const { clock, asked, node, tracker } = setUp();
    let answer = (): void => {};
    node.answer = new Promise((resolve) => {
      answer = resolve;
    });
    clock.advance(QUIET_MS);
    expect(asked).toHaveLength(1);
    tracker.hurryAll();
    answer();
    await settled();
    clock.advance(SWEEP_MS);
    expect(asked).toHaveLength(2);
    await settled();
    clock.advance(SWEEP_MS);
    expect(asked).toHaveLength(2);
  });
});
