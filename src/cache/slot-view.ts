import type { BlockHeight, Commitment, Slot } from '../model/brands.js';
import type { BlockPace } from './block-pace.js';
import type { SlotTree } from './slot-tree.js';
import type { SlotFate, SlotView } from './types.js';

/** Slots and heights as the later stages ask for them. */
export class TreeSlotView implements SlotView {
  readonly #tree: SlotTree;
  readonly #pace: BlockPace;

  constructor(tree: SlotTree, pace: BlockPace) {
    this.#tree = tree;
    this.#pace = pace;
  }

  head(): Slot {
    return this.#tree.head;
  }

  slot(commitment: Commitment): Slot {
    return this.#tree.at(commitment);
  }

  blockHeight(commitment: Commitment): BlockHeight | undefined {
    for (const { meta } of this.#tree.chain(this.#tree.at(commitment))) {
      if (meta !== undefined) return meta.blockHeight;
    }
    return undefined;
  }

  isOnHeadFork(slot: Slot): boolean {
    return this.#tree.isOnHeadFork(slot);
  }

  statusOf(slot: Slot): SlotFate {
    return this.#tree.statusOf(slot);
  }

  /** Where the first block above it is not known any more, a later one: a proof that asks for more is still one. */
  firstSlotAboveHeight(height: BlockHeight, commitment: Commitment): Slot | undefined {
    let first: Slot | undefined;
    for (const { slot, meta } of this.#tree.chain(this.#tree.at(commitment))) {
      if (meta === undefined) continue;
      if (meta.blockHeight <= height) break;
      first = slot;
    }
    return first;
  }

  observedBlockMs(): number {
    return this.#pace.blockMs;
  }
}
