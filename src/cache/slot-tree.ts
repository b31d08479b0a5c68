/**
 * Slots, their parents and their fates: which fork is the head's, and what is visible from it.
 *
 * The head is the highest processed slot whose known ancestry meets neither a dead slot nor contradicts the
 * rooted and the confirmed slot. What is visible is the head's ancestry, and on top of it the slot in progress
 * that builds on the head: account updates of a slot are wanted before it is frozen. A lost fork is never
 * announced: it is off the head's ancestry as soon as a higher slot with an earlier parent is processed.
 *
 * Everything is recomputed at each slot's news. There are some six a slot and the window is short, so that a
 * full walk costs microseconds, and no state can drift away from what the nodes say.
 */
import { asSlot, type Commitment, type Slot } from '../model/brands.js';
import type { BlockMetaUpdate, SlotUpdate } from '../stream/types.js';
import type { SlotFate } from './types.js';

/** Slots kept below the root: the heights of 151 blocks and statuses of late questions. */
export const HISTORY_SLOTS = 512;
/** Statuses come out of order by no more slots than this. */
const MAX_REORDER_SLOTS = 64;
/** Most slots remembered at all, should no root ever come. */
export const MAX_NODES = 4_096;

export interface SlotNode {
  readonly slot: Slot;
  parent: Slot | undefined;
  processed: boolean;
  confirmed: boolean;
  finalized: boolean;
  dead: boolean;
  /** Known to be on the root's chain. */
  rooted: boolean;
  /** All its accounts at processed have come. */
  complete: boolean;
  meta: BlockMetaUpdate | undefined;
}

/** What one piece of news changed. */
export interface TreeChange {
  /** Slots that became visible. */
  readonly added: readonly Slot[];
  /** Slots that were visible and do not count any more. */
  readonly removed: readonly Slot[];
  /** Slots that died just now, or that the chain now passes beside. */
  readonly lost: readonly Slot[];
  readonly completed: boolean;
  readonly headMoved: boolean;
  readonly confirmedMoved: boolean;
  readonly rootMoved: boolean;
  /** Slots at or below the root became known to be on its chain. */
  readonly rootedMore: boolean;
  /** News of life from a slot that was reported dead: its updates until now cannot be trusted. */
  readonly revived: boolean;
}

export class SlotTree {
  readonly #nodes = new Map<number, SlotNode>();
  /** The same, by rising slot. */
  readonly #order: SlotNode[] = [];
  #visible: Set<number> = new Set();
  #head = 0;
  #confirmed = 0;
  #root = 0;
  #completeThrough = asSlot(0);

  /** Newest processed slot on the chosen fork; 0 before any. */
  get head(): Slot {
    return asSlot(this.#head);
  }

  get confirmed(): Slot {
    return asSlot(this.#confirmed);
  }

  get root(): Slot {
    return asSlot(this.#root);
  }

  node(slot: Slot): SlotNode | undefined {
    return this.#nodes.get(slot);
  }

  at(commitment: Commitment): Slot {
    if (commitment === 'processed') return this.head;
    return commitment === 'confirmed' ? this.confirmed : this.root;
  }

  onSlot(update: SlotUpdate): TreeChange {
    const node = this.#touch(update.slot);
    if (update.parent !== undefined) node.parent = update.parent;
    let revived = false;
    let died: Slot | undefined;
    let completed = false;
    switch (update.status) {
      case 'dead':
        if (!node.dead) died = update.slot;
        node.dead = true;
        node.processed = false;
        break;
      case 'finalized':
        node.finalized = true;
        node.confirmed = true;
        revived = processed(node);
        break;
      case 'confirmed':
        node.confirmed = true;
        revived = processed(node);
        break;
      case 'processed':
        revived = processed(node);
        completed = update.accountsPending !== true && completes(node);
        break;
      default:
        break;
    }
    return this.#recompute({ died, completed, revived });
  }

  onBlockMeta(update: BlockMetaUpdate): TreeChange {
    const node = this.#touch(update.slot);
    node.parent = update.parentSlot;
    node.meta = update;
    // A block is frozen, but only its PROCESSED makes it a head: a dead slot has neither.
    const revived = node.dead;
    node.dead = false;
    const completed = update.accountsPending !== true && completes(node);
    return this.#recompute({ died: undefined, completed, revived });
  }

  /**
   * Newest slot up to the head, not on a fork known to be lost, of which all accounts have come; 0 for none. Asked with
   * every account's update, worked out with a slot's news.
   */
  get completeThrough(): Slot {
    return this.#completeThrough;
  }

  /** Whether all accounts of a slot in the head's view have come: its own end, or a later slot's, says so. */
  isComplete(slot: Slot): boolean {
    return this.#nodes.get(slot)?.complete === true || slot <= this.completeThrough;
  }

  /** Whether a state that the stream wrote in this slot counts in the head's view. */
  counts(slot: Slot): boolean {
    return this.#visible.has(slot) || this.#nodes.get(slot)?.rooted === true;
  }

  /** Whether a state fetched at this slot at confirmed counts: the confirmed chain is one, whoever tells of it. */
  countsFetched(slot: Slot): boolean {
    return this.counts(slot) || (slot <= this.#confirmed && this.#nodes.get(slot)?.dead !== true);
  }

  isOnHeadFork(slot: Slot): boolean {
    if (this.#visible.has(slot)) return slot <= this.#head;
    if (slot > this.#root) return false;
    const node = this.#nodes.get(slot);
    return node === undefined || node.rooted;
  }

  /**
   * Dead, or processed and known to be off the chosen chain. A slot below a hole in the ancestry is neither on
   * the chain nor lost: nothing is known of it.
   */
  isLost(slot: Slot): boolean {
    const node = this.#nodes.get(slot);
    if (node === undefined) return false;
    if (node.dead) return true;
    if (!node.processed || node.parent === undefined || this.counts(slot)) return false;
    for (let index = this.#indexAfter(slot); index < this.#order.length; index++) {
      const above = this.#order[index]!;
      if (this.counts(above.slot)) return above.parent !== undefined && above.parent < slot;
    }
    return true;
  }

  statusOf(slot: Slot): SlotFate {
    const node = this.#nodes.get(slot);
    if (node === undefined) return 'unknown';
    if (node.dead) return 'dead';
    if (node.rooted) return 'finalized';
    if (this.#visible.has(slot)) {
      if (slot <= this.#confirmed) return 'confirmed';
      return slot <= this.#head ? 'processed' : 'unknown';
    }
    return this.isLost(slot) ? 'lost' : 'unknown';
  }

  /** Nodes from a slot down along known parents, itself first, as far as they are known. */
  *chain(from: Slot): Generator<SlotNode> {
    let node = this.#nodes.get(from);
    while (node !== undefined) {
      yield node;
      if (node.parent === undefined || node.parent >= node.slot) return;
      node = this.#nodes.get(node.parent);
    }
  }

  #touch(slot: Slot): SlotNode {
    let node = this.#nodes.get(slot);
    if (node === undefined) {
      node = {
        slot,
        parent: undefined,
        processed: false,
        confirmed: false,
        finalized: false,
        dead: false,
        rooted: false,
        complete: false,
        meta: undefined,
      };
      this.#nodes.set(slot, node);
      this.#order.splice(this.#indexAfter(slot), 0, node);
    }
    return node;
  }

  /** Place of the first node above a slot; news is of the newest slots, so the search starts there. */
  #indexAfter(slot: Slot): number {
    let index = this.#order.length;
    while (index > 0 && this.#order[index - 1]!.slot > slot) index--;
    return index;
  }

  #highest(test: (node: SlotNode) => boolean): SlotNode | undefined {
    return this.#order.findLast(test);
  }

  #recompute(news: { died: Slot | undefined; completed: boolean; revived: boolean }): TreeChange {
    const headBefore = this.#head;
    const confirmedBefore = this.#confirmed;
    const rootBefore = this.#root;
    const visibleBefore = this.#visible;

    this.#root = Math.max(this.#root, this.#highest((node) => node.finalized && !node.dead)?.slot ?? 0);
    this.#confirmed = Math.max(this.#root, this.#highest((node) => node.confirmed && !node.dead)?.slot ?? 0);
    const rootedMore = this.#markRooted();
    this.#head = this.#highest((node) => node.processed && this.#isCandidate(node))?.slot ?? this.#head;
    this.#visible = this.#computeVisible();

    const added: Slot[] = [];
    const removed: Slot[] = [];
    for (const slot of this.#visible) if (!visibleBefore.has(slot)) added.push(asSlot(slot));
    for (const slot of visibleBefore) if (!this.counts(asSlot(slot))) removed.push(asSlot(slot));
    removed.sort((a, b) => a - b);
    const lost = removed.filter((slot) => slot !== news.died && this.isLost(slot));
    if (news.died !== undefined) lost.push(news.died);
    this.#prune();
    this.#completeThrough =
      this.#highest((node) => node.complete && node.slot <= this.#head && !this.isLost(node.slot))?.slot ??
      asSlot(0);
    return {
      completed: news.completed,
      revived: news.revived,
      added,
      removed,
      lost,
      headMoved: this.#head !== headBefore,
      confirmedMoved: this.#confirmed !== confirmedBefore,
      rootMoved: this.#root !== rootBefore,
      rootedMore,
    };
  }

  /**
   * The root and its known ancestry are rooted; so is what was confirmed below it, hole or no hole.
   * @returns whether any slot became so
   */
  #markRooted(): boolean {
    let more = false;
    for (let index = this.#indexAfter(this.root) - 1; index >= 0; index--) {
      const node = this.#order[index]!;
      if (node.slot < this.#root - MAX_REORDER_SLOTS) break;
      if (node.dead || !(node.confirmed || node.rooted)) continue;
      for (const ancestor of this.chain(node.slot)) {
        if (ancestor.dead || (ancestor.rooted && ancestor !== node)) break;
        more ||= !ancestor.rooted;
        ancestor.rooted = true;
      }
    }
    return more;
  }

  /**
   * Walks down from a processed slot. The walk ends well at the root, or where the ancestry is not known (after a
   * gap nothing better is to be had until the root has passed it), and ill at a dead slot or beside the root or
   * the confirmed slot.
   */
  #isCandidate(node: SlotNode): boolean {
    if (node.dead || node.parent === undefined || node.slot < this.#root) return false;
    let metConfirmed = node.slot < this.#confirmed ? undefined : node.slot === this.#confirmed;
    for (const ancestor of this.chain(node.slot)) {
      if (ancestor.dead) return false;
      if (ancestor.slot === this.#confirmed) metConfirmed = true;
      if (ancestor.slot === this.#root) return metConfirmed === true;
      if (ancestor.slot < this.#root) return false;
      if (ancestor.slot < this.#confirmed && metConfirmed !== true) return false;
      const parent = ancestor.parent;
      if (parent === undefined) break;
      // The parent itself may be unknown, but its number already tells whether the walk passes beside.
      if (parent < this.#root || (parent < this.#confirmed && ancestor.slot > this.#confirmed)) return false;
    }
    return metConfirmed !== undefined;
  }

  #computeVisible(): Set<number> {
    const visible = new Set<number>();
    const add = (from: number): void => {
      for (const ancestor of this.chain(asSlot(from))) {
        if (ancestor.slot <= this.#root || ancestor.dead || visible.has(ancestor.slot)) break;
        visible.add(ancestor.slot);
      }
    };
    add(this.#head);
    // Below a hole in the ancestry, what is confirmed is on the chain all the same.
    for (let index = this.#indexAfter(this.confirmed) - 1; index >= 0; index--) {
      const node = this.#order[index]!;
      if (node.slot <= this.#root) break;
      if (node.confirmed) add(node.slot);
    }
    for (let index = this.#order.length - 1; index >= 0; index--) {
      const node = this.#order[index]!;
      if (node.slot <= this.#head) break;
      if (node.processed || !this.#buildsOnHead(node)) continue;
      add(node.slot);
      break;
    }
    return visible;
  }

  #buildsOnHead(node: SlotNode): boolean {
    for (const ancestor of this.chain(node.slot)) {
      if (ancestor.dead) return false;
      if (ancestor.parent === this.#head) return true;
      if (ancestor.slot < this.#head) return false;
    }
    return false;
  }

  #prune(): void {
    const oldest = this.#root - HISTORY_SLOTS;
    let count = 0;
    while (count < this.#order.length && this.#order[count]!.slot < oldest) count++;
    count = Math.max(count, this.#order.length - MAX_NODES);
    for (const node of this.#order.splice(0, count)) this.#nodes.delete(node.slot);
  }
}

/** Notes that a slot was processed; true where it had been reported dead. */
function processed(node: SlotNode): boolean {
  const revived = node.dead;
  node.dead = false;
  node.processed = true;
  return revived;
}

function completes(node: SlotNode): boolean {
  const first = !node.complete;
  node.complete = true;
  return first;
}
