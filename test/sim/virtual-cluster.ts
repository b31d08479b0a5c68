/**
 * A cluster as the executor can know it: leaders that skip slots alone or by whole windows, blocks that die,
 * forks that are lost, heights that count blocks and not slots, bytes that arrive late, twice or never.
 */
import { asBlockHeight, asBlockhash, asSignature, asSlot, type Signature } from '../../src/model/brands.js';
import type { Profile } from './profile.js';
import type { SeededRandom } from './seeded-random.js';
import type { VirtualClock } from './virtual-clock.js';
import type { StreamItem } from './virtual-stream.js';

const FIRST_SLOT = 5_000;
/** Slots behind: heights are not slots. */
const FIRST_HEIGHT = 4_321;
const WINDOW_SLOTS = 4;
/** When in a slot its block is frozen. */
const FREEZE_SHARE = 0.8;
const MAX_FORK_BLOCKS = 4;

export interface Block {
  readonly slot: number;
  readonly parent: Block | undefined;
  readonly height: number;
  readonly blockhash: string;
  confirmed: boolean;
  rooted: boolean;
}

/** What the signed bytes say, and where they landed. */
export interface ChainTransaction {
  readonly signature: Signature;
  readonly tradeId: string;
  readonly lastValid: number;
  /** Whether the program refuses it. */
  readonly fails: boolean;
  readonly inclusions: Block[];
}

/** What a node that keeps up sees at one moment. */
export interface ChainView {
  readonly head: Block;
  readonly confirmed: Block;
  readonly root: Block;
}

export interface Wire {
  readonly signature: string;
  readonly tradeId: string;
  readonly lastValid: number;
  readonly fails: boolean;
}

export class VirtualCluster {
  readonly #clock: VirtualClock;
  readonly #random: SeededRandom;
  readonly #profile: Profile;
  readonly #emit: (items: readonly StreamItem[]) => void;
  readonly transactions = new Map<Signature, ChainTransaction>();
  /** Held by leaders, to be included in some block. */
  readonly #pending = new Set<ChainTransaction>();
  readonly views: ChainView[] = [];
  #slot = FIRST_SLOT;
  #tip: Block;
  #confirmed: Block;
  #root: Block;
  #windowIsOffline = false;
  #healed = false;
  forksLost = 0;

  constructor(
    clock: VirtualClock,
    random: SeededRandom,
    profile: Profile,
    emit: (items: readonly StreamItem[]) => void,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#profile = profile;
    this.#emit = emit;
    const genesis: Block = {
      slot: FIRST_SLOT,
      parent: undefined,
      height: FIRST_HEIGHT,
      blockhash: `hash${FIRST_SLOT}`,
      confirmed: true,
      rooted: true,
    };
    this.#tip = genesis;
    this.#confirmed = genesis;
    this.#root = genesis;
    this.#look(genesis);
    clock.every(profile.slotMs, () => this.#openSlot());
  }

  get slot(): number {
    return this.#slot;
  }

  get confirmed(): Block {
    return this.#confirmed;
  }

  get root(): Block {
    return this.#root;
  }

  heal(): void {
    this.#healed = true;
  }

  /** Bytes reach a leader. */
  receive(bytes: Uint8Array): void {
    const tx = this.register(bytes);
    if (tx.lastValid > this.#tip.height - MAX_FORK_BLOCKS) this.#pending.add(tx);
  }

  register(bytes: Uint8Array): ChainTransaction {
    const wire = JSON.parse(Buffer.from(bytes).toString()) as Wire;
    const signature = asSignature(wire.signature);
    let tx = this.transactions.get(signature);
    if (tx === undefined) {
      const { tradeId, lastValid, fails } = wire;
      tx = { signature, tradeId, lastValid, fails, inclusions: [] };
      this.transactions.set(signature, tx);
    }
    return tx;
  }

  // --- the truth, for the checker ----------------------------------------------------------------------------

  /** The block in which it landed on the chain as it is at this commitment. */
  landed(signature: Signature, commitment: 'confirmed' | 'finalized'): Block | undefined {
    const inclusions = this.transactions.get(signature)?.inclusions ?? [];
    return inclusions.find((block) => (commitment === 'finalized' ? block.rooted : block.confirmed));
  }

  /** No block that could still take it can follow the chain as it is at this commitment. */
  isDead(signature: Signature, lastValid: number, commitment: 'confirmed' | 'finalized'): boolean {
    const tip = commitment === 'finalized' ? this.#root : this.#confirmed;
    return tip.height > lastValid && this.landed(signature, commitment) === undefined;
  }

  // --- the chain ---------------------------------------------------------------------------------------------

  #bad(chance: number): boolean {
    return !this.#healed && this.#random.chance(chance);
  }

  #openSlot(): void {
    this.#slot += 1;
    if (this.#slot % WINDOW_SLOTS === 0) this.#windowIsOffline = this.#bad(this.#profile.windowSkipChance);
    if ((this.#windowIsOffline && !this.#healed) || this.#bad(this.#profile.skipChance)) {
      this.#look(this.views.at(-1)!.head);
      return;
    }
    const forks = this.#bad(this.#profile.forkChance);
    const parent = forks ? this.#earlierParent() : this.#tip;
    const block: Block = {
      slot: this.#slot,
      parent,
      height: parent.height + 1,
      blockhash: `hash${this.#slot}`,
      confirmed: false,
      rooted: false,
    };
    const dies = this.#bad(this.#profile.deadChance);
    const isMinority = forks && parent !== this.#tip && this.#random.chance(0.5);
    const items: StreamItem[] = [
      { kind: 'slot', slot: asSlot(block.slot), parent: asSlot(parent.slot), status: 'createdBank' },
    ];
    const included = this.#include(block, parent);
    included.forEach((tx, index) => {
      items.push({
        kind: 'transaction',
        slot: asSlot(block.slot),
        index,
        signature: tx.signature,
        fails: tx.fails,
      });
    });
    this.#emit(items);
    this.#clock.after(this.#profile.slotMs * FREEZE_SHARE, () =>
      this.#freeze(block, included, dies, isMinority),
    );
  }

  /** Some blocks back, never below the confirmed one: those in between are on a fork that may be lost. */
  #earlierParent(): Block {
    let parent = this.#tip;
    const back = this.#random.int(1, MAX_FORK_BLOCKS);
    for (let step = 0; step < back && parent !== this.#confirmed; step += 1) parent = parent.parent!;
    return parent;
  }

  #include(block: Block, parent: Block): ChainTransaction[] {
    const included: ChainTransaction[] = [];
    for (const tx of this.#pending) {
      if (tx.inclusions.some((earlier) => isAncestor(earlier, parent))) continue;
      if (block.height > tx.lastValid) {
        if (this.#root.height > tx.lastValid) this.#pending.delete(tx);
        continue;
      }
      if (!this.#healed && !this.#random.chance(this.#profile.includeChance)) continue;
      included.push(tx);
    }
    return included;
  }

  #freeze(block: Block, included: readonly ChainTransaction[], dies: boolean, isMinority: boolean): void {
    const slot = asSlot(block.slot);
    if (dies) {
      this.#emit([{ kind: 'slot', slot, parent: undefined, status: 'dead' }]);
      this.#look(this.views.at(-1)!.head);
      return;
    }
    for (const tx of included) {
      tx.inclusions.push(block);
      if (!this.#random.chance(this.#profile.reincludeChance)) this.#pending.delete(tx);
    }
    const parentSlot = asSlot(block.parent!.slot);
    const frozen: StreamItem[] = [
      { kind: 'slot', slot, parent: parentSlot, status: 'processed' },
      {
        kind: 'meta',
        slot,
        parentSlot,
        blockhash: asBlockhash(block.blockhash),
        blockHeight: asBlockHeight(block.height),
      },
    ];
    if (this.#random.chance(0.5)) frozen.reverse();
    if (!isMinority) {
      if (block.parent !== this.#tip) this.forksLost += 1;
      this.#tip = block;
      frozen.push(...this.#vote());
    }
    this.#look(block);
    this.#emit(frozen);
  }

  /** Raises the commitments of what lies deep enough under the tip. */
  #vote(): StreamItem[] {
    const items: StreamItem[] = [];
    const raise = (depth: number, status: 'confirmed' | 'finalized'): void => {
      let block: Block | undefined = this.#tip;
      for (let step = 0; step < depth && block !== undefined; step += 1) block = block.parent;
      const raised: Block[] = [];
      for (; block !== undefined; block = block.parent) {
        if (status === 'confirmed' ? block.confirmed : block.rooted) break;
        raised.push(block);
      }
      for (const one of raised.reverse()) {
        if (status === 'confirmed') one.confirmed = true;
        else one.rooted = true;
        const parent = this.#profile.namesParents ? asSlot(one.parent!.slot) : undefined;
        items.push({ kind: 'slot', slot: asSlot(one.slot), parent, status });
        if (status === 'confirmed') this.#confirmed = one;
        else this.#root = one;
      }
    };
    raise(this.#profile.confirmDepth, 'confirmed');
    raise(this.#profile.rootDepth, 'finalized');
    return items;
  }

  #look(head: Block): void {
    this.views.push({ head, confirmed: this.#confirmed, root: this.#root });
  }
}

export function isAncestor(block: Block, of: Block): boolean {
  if (block.rooted) return block.slot <= of.slot;
  let walk: Block | undefined = of;
  while (walk !== undefined && walk.slot > block.slot) walk = walk.parent;
  return walk === block;
}
