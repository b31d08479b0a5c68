/** What becomes of each slot. Drawn slot by slot from the seed, so that no other draw can shift it. */
import type { SlotConditions } from './messages.js';
import { createPrng } from './prng.js';
import { SLOTS_PER_WINDOW } from './schedule.js';

/** Longest lost fork, in slots. It is shorter still where confirmation comes sooner. */
const MAX_LOST_FORK_SLOTS = 3;

export interface SlotPlan {
  readonly fate: 'skipped' | 'survives' | 'lostFork' | 'dead';
  /** The slot is within the span of the lost fork that stands now; otherwise that fork ends here. */
  readonly continuesFork: boolean;
}

export class SlotPlanner {
  /** Last slot of the current lost fork's span. */
  private forkEndSlot = -1;

  constructor(private readonly seed: string) {}

  /** Call once a slot, in order. */
  plan(slot: number, conditions: SlotConditions): SlotPlan {
    const draw = createPrng(this.seed, 'slot', slot);
    const [skip, dead, fork, length] = [draw(), draw(), draw(), draw()];
    const window = createPrng(this.seed, 'window', Math.floor(slot / SLOTS_PER_WINDOW))();
    const continuesFork = slot <= this.forkEndSlot;
    if (window < conditions.leaderSkipRate || skip < conditions.skipRate) {
      return { fate: 'skipped', continuesFork };
    }
    if (dead < conditions.deadRate) return { fate: 'dead', continuesFork };
    if (continuesFork) return { fate: 'lostFork', continuesFork };
    if (fork >= conditions.forkRate) return { fate: 'survives', continuesFork };
    // A fork has to be lost before its first block could be confirmed; short ones are the most common.
    const longest = Math.min(MAX_LOST_FORK_SLOTS, conditions.confirmSlots);
    this.forkEndSlot = slot + Math.floor(length * length * longest);
    return { fate: 'lostFork', continuesFork };
  }
}
