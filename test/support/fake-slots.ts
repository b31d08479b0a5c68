import type { SlotView } from '../../src/cache/types.js';
import {
  asBlockHeight,
  asSlot,
  type BlockHeight,
  type Commitment,
  isAtLeast,
  type Slot,
} from '../../src/model/brands.js';

type Fate = Commitment | 'dead' | 'lost' | 'unknown';

/** Slots as a test says they are. A slot's block has the height `slot - 1000`, unless it was skipped. */
export class FakeSlots implements SlotView {
  readonly fates = new Map<number, Fate>();
  readonly skipped = new Set<number>();
  #at = { processed: 0, confirmed: 0, finalized: 0 };

  reach(commitment: Commitment, slot: number): void {
    this.#at[commitment] = slot;
  }

  /** All commitments at once. */
  reachAll(slot: number): void {
    this.#at = { processed: slot, confirmed: slot, finalized: slot };
  }

  head(): Slot {
    return asSlot(this.#at.processed);
  }

  slot(commitment: Commitment): Slot {
    return asSlot(this.#at[commitment]);
  }

  blockHeight(commitment: Commitment): BlockHeight | undefined {
    const slot = this.#at[commitment];
    return slot === 0 ? undefined : this.heightOf(slot);
  }

  heightOf(slot: number): BlockHeight {
    const skipped = [...this.skipped].filter((one) => one <= slot).length;
    return asBlockHeight(slot - 1_000 - skipped);
  }

  isOnHeadFork(slot: Slot): boolean {
    return isCommitment(this.statusOf(slot));
  }

  statusOf(slot: Slot): Fate {
    const fate = this.fates.get(slot);
    if (fate !== undefined) return fate;
    if (slot <= this.#at.finalized) return 'finalized';
    if (slot <= this.#at.confirmed) return 'confirmed';
    return slot <= this.#at.processed ? 'processed' : 'unknown';
  }

  firstSlotAboveHeight(height: BlockHeight, commitment: Commitment): Slot | undefined {
    for (let slot = 1_000; slot <= this.#at[commitment]; slot += 1) {
      if (!this.skipped.has(slot) && this.heightOf(slot) > height) return asSlot(slot);
    }
    return undefined;
  }

  observedBlockMs(): number {
    return 400;
  }
}

function isCommitment(fate: Fate): fate is Commitment {
  return fate in { processed: 0, confirmed: 0, finalized: 0 } && isAtLeast(fate as Commitment, 'processed');
}
