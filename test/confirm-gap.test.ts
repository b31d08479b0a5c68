/** A landing in the very slot in which the stream was cut is never told again: trades waited 1.5 s for a poll. */
import { describe, expect, it } from 'vitest';
import type { SlotView } from '../src/cache/types.js';
import { AttemptTracker } from '../src/confirm/attempt-tracker.js';
import { asBlockHeight, asSignature, asSlot } from '../src/model/brands.js';
import { ManualClock } from './support/manual-clock.js';

const SLOT = asSlot(100);
const SWEEP_MS = 250;

const SLOTS: SlotView = {
  head: () => SLOT,
  slot: () => SLOT,
  blockHeight: () => asBlockHeight(90),
  isOnHeadFork: () => true,
  statusOf: () => 'unknown',
  firstSlotAboveHeight: () => undefined,
  observedBlockMs: () => 400,
};

describe('attempts that are out when the stream has missed something', () => {
  it('are all asked about at the next sweep, without waiting for silence', async () => {
    const clock = new ManualClock();
    const asked: string[][] = [];
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
          return { contextSlot: SLOT, host: 'node', statuses: signatures.map(() => undefined) };
        },
        firstAvailableBlock: async () => asSlot(0),
      },
    });
    for (const name of ['one', 'two']) {
      tracker.track({
        signature: asSignature(name),
        lastValidBlockHeight: asBlockHeight(200),
        signedSlot: SLOT,
      });
    }
    clock.advance(SWEEP_MS);
    expect(asked).toEqual([]);
    tracker.hurryAll();
    clock.advance(SWEEP_MS);
    expect(asked).toEqual([['one', 'two']]);
    tracker.close();
  });
});
