/** What can be taken back: the open block, a dead one, and the blocks of a lost fork. */
import type { AccountStore, UndoLog } from './account-store.js';
import type { Chain } from './chain.js';
import type { OpenBlock } from './open-block.js';

export class Forks {
  /** Frozen blocks of the lost fork that stands now, oldest first; each with what it needs to be undone. */
  private lost: OpenBlock[] = [];

  constructor(
    readonly chain: Chain,
    readonly store: AccountStore,
  ) {}

  /** Freezes a block onto the head. */
  freeze(open: OpenBlock): void {
    const block = open.freeze();
    this.chain.append(block);
    if (block.doomed) this.lost.push(open);
  }

  /** Takes the blocks of the lost fork off the head; answers them oldest first. */
  abandonLostFork(): OpenBlock[] {
    const undone = this.lost;
    this.lost = [];
    for (const open of undone.toReversed()) {
      this.store.revert(open.undo);
      this.chain.pop();
    }
    return undone;
  }

  /** Undoes a block that never was frozen. */
  discard(open: OpenBlock): void {
    this.store.revert(open.undo);
  }

  /** Runs `read` on the state of the last block that will survive, then brings everything back. */
  onSurvivingState<T>(open: OpenBlock | null, read: () => T): T {
    const undoable = open === null ? this.lost : [...this.lost, open];
    const redo: UndoLog[] = [];
    for (const block of undoable.toReversed()) redo.push(this.store.revert(block.undo));
    try {
      return read();
    } finally {
      for (const log of redo.toReversed()) this.store.revert(log);
    }
  }

  /** Where a cluster's own write must be noted, so that it is undone with the block it went into. */
  blockToNote(open: OpenBlock | null): OpenBlock | null {
    return open ?? this.lost.at(-1) ?? null;
  }
}
