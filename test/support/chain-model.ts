/** A chain that a test makes up: slots with parents, writes and fates, and what is true at each of them. */
import { base58 } from '@scure/base';
import type { Address } from '../../src/model/brands.js';
import type { SeededRandom } from './seeded-random.js';

/** The address that belongs to a small number. */
export function addressOf(index: number): Address {
  return base58.encode(new Uint8Array(32).fill(index + 1)) as Address;
}

export interface ModelWrite {
  readonly account: number;
  /** Different for every write there is. */
  readonly value: number;
  readonly slot: number;
}

export interface ModelSlot {
  readonly slot: number;
  readonly parent: number;
  readonly height: number;
  readonly dies: boolean;
  readonly writes: readonly ModelWrite[];
}

/** What a node tells, in order. `at` is the slot time at which the cluster knows it. */
export type ModelEvent =
  | { readonly kind: 'slot'; readonly at: number; readonly slot: ModelSlot }
  | {
      readonly kind: 'settled';
      readonly at: number;
      readonly slot: number;
      readonly status: 'confirmed' | 'finalized';
    };

const CONFIRM_AFTER = 2;
const FINALIZE_AFTER = 6;
/** A slot's news is spread over this many steps of the driver. */
export const STEPS_A_SLOT = 8;

export class ChainModel {
  readonly slots = new Map<number, ModelSlot>();
  readonly events: ModelEvent[] = [];
  readonly accounts: number;
  #values = 0;
  /** Newest slot of the fork that wins. */
  #tip: ModelSlot;
  #last: number;
  confirmed = 0;
  finalized = 0;

  constructor(accounts: number, first = 100) {
    this.accounts = accounts;
    const writes = Array.from({ length: accounts }, (_, account) => this.#write(account, first));
    this.#tip = { slot: first, parent: first - 1, height: first, dies: false, writes };
    this.#last = first;
    this.#add(this.#tip);
  }

  get tip(): number {
    return this.#tip.slot;
  }

  get last(): number {
    return this.#last;
  }

  /** Further slots: skipped, dead, on forks that lose, and good ones. */
  disturbed(count: number, random: SeededRandom): void {
    for (let index = 0; index < count; index++) {
      const slot = this.#last + 1 + (random.below(5) === 0 ? 1 + random.below(3) : 0);
      const kind = random.below(6);
      const parent = kind === 0 ? this.#forkPoint(random) : this.#tip;
      const fate = { dies: kind === 1, wins: kind > 1 };
      const writes = Array.from({ length: random.below(4) }, () =>
        this.#write(random.below(this.accounts), slot),
      );
      this.#append(slot, parent, writes, fate);
    }
  }

  /** Good slots one after the other; only one account is written, so that the others show what was missed. */
  quiet(count: number): void {
    for (let index = 0; index < count; index++) {
      const slot = this.#last + 1;
      this.#append(slot, this.#tip, [this.#write(0, slot)], { dies: false, wins: true });
    }
  }

  /** The slot and its ancestors, newest first. */
  *chain(from: number): Generator<ModelSlot> {
    for (let node = this.slots.get(from); node !== undefined; node = this.slots.get(node.parent)) yield node;
  }

  /** The account's last write at a slot, itself included. */
  stateAt(account: number, slot: number): ModelWrite | undefined {
    for (const { writes } of this.chain(slot)) {
      const found = writes.findLast((write) => write.account === account);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Newest slot with this commitment once the cluster's time is `at`. */
  settledAt(status: 'confirmed' | 'finalized', at: number): number {
    let newest = 0;
    for (const event of this.events) {
      if (event.kind === 'settled' && event.status === status && event.at <= at) newest = event.slot;
    }
    return newest;
  }

  #append(
    slot: number,
    parent: ModelSlot,
    writes: readonly ModelWrite[],
    { dies, wins }: { dies: boolean; wins: boolean },
  ): void {
    this.#last = slot;
    const made = { slot, parent: parent.slot, height: parent.height + 1, dies, writes };
    this.#add(made);
    if (!wins) return;
    this.#tip = made;
    const chain = [...this.chain(slot)];
    this.#settle('confirmed', chain[CONFIRM_AFTER], slot);
    this.#settle('finalized', chain[FINALIZE_AFTER], slot);
  }

  #settle(status: 'confirmed' | 'finalized', node: ModelSlot | undefined, at: number): void {
    if (node === undefined || node.slot <= this[status]) return;
    this[status] = node.slot;
    this.events.push({ kind: 'settled', at, slot: node.slot, status });
  }

  /** A block on which a losing fork may build: not below what is confirmed. */
  #forkPoint(random: SeededRandom): ModelSlot {
    const open = [...this.chain(this.#tip.slot)].filter((node) => node.slot >= this.confirmed);
    const losing = [...this.slots.values()].filter(
      (node) =>
        node.parent >= this.confirmed && !node.dies && node.slot > this.confirmed && !open.includes(node),
    );
    const all = [...open, ...losing];
    return all[random.below(all.length)]!;
  }

  #add(slot: ModelSlot): void {
    this.slots.set(slot.slot, slot);
    this.events.push({ kind: 'slot', at: slot.slot, slot });
  }

  #write(account: number, slot: number): ModelWrite {
    this.#values++;
    return { account, value: this.#values, slot };
  }
}
