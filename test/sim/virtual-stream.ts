/** One Yellowstone stream into one life of the process: late, cut, replayed, doubled, or silently incomplete. */
import type { HotCache } from '../../src/cache/hot-cache.js';
import {
  asSlot,
  type BlockHeight,
  type Blockhash,
  type Signature,
  type Slot,
} from '../../src/model/brands.js';
import type { SlotStatus, TransactionUpdate } from '../../src/stream/types.js';
import type { Profile } from './profile.js';
import type { SeededRandom } from './seeded-random.js';
import type { VirtualClock } from './virtual-clock.js';

export type StreamItem =
  | {
      readonly kind: 'slot';
      readonly slot: Slot;
      readonly parent: Slot | undefined;
      readonly status: SlotStatus;
    }
  | {
      readonly kind: 'meta';
      readonly slot: Slot;
      readonly parentSlot: Slot;
      readonly blockhash: Blockhash;
      readonly blockHeight: BlockHeight;
    }
  | {
      readonly kind: 'transaction';
      readonly slot: Slot;
      readonly index: number;
      readonly signature: Signature;
      readonly fails: boolean;
    };

/** Slots that a node keeps for `from_slot`. */
const REPLAY_SLOTS = 60;
const MAX_CUT_SLOTS = 40;
const MAX_STALL_SLOTS = 20;
const PING_MS = 500;

/** What the node's buffer holds; shared by all lives. */
export class ReplayBuffer {
  readonly #batches: { readonly slot: number; readonly items: readonly StreamItem[] }[] = [];

  add(slot: number, items: readonly StreamItem[]): void {
    this.#batches.push({ slot, items });
    while (this.#batches[0]!.slot < slot - REPLAY_SLOTS) this.#batches.shift();
  }

  from(slot: number): StreamItem[] {
    return this.#batches.filter((batch) => batch.slot >= slot).flatMap((batch) => batch.items);
  }
}

export interface StreamParts {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly profile: Profile;
  readonly buffer: ReplayBuffer;
  readonly cache: HotCache;
  readonly onTransaction: (update: TransactionUpdate) => void;
  readonly isAlive: () => boolean;
  /** Runs it when the process does not stand still. */
  readonly whenAwake: (run: () => void) => void;
}

export class VirtualStream {
  readonly #parts: StreamParts;
  #isLive = true;
  #lastSlot = 0;
  #healed = false;
  /** News does not overtake news. */
  #notBeforeMs = 0;

  constructor(parts: StreamParts) {
    this.#parts = parts;
    const { clock, cache, isAlive } = parts;
    cache.onStatus('live', 'connected');
    cache.onGap({ completeThrough: asSlot(0), resumedAt: asSlot(0), reason: 'start', open: true });
    const pinger = clock.every(PING_MS, () => {
      if (!isAlive()) pinger.cancel();
      else if (this.#isLive) cache.onActivity(clock.monotonicUs());
    });
  }

  get isLive(): boolean {
    return this.#isLive;
  }

  heal(): void {
    this.#healed = true;
    if (!this.#isLive) this.#reconnect();
  }

  /** The node has news. */
  push(items: readonly StreamItem[]): void {
    const { random, profile } = this.#parts;
    if (!this.#isLive) return;
    if (!this.#healed) {
      if (random.chance(profile.cutChance)) {
        this.#cut();
        return;
      }
      if (random.chance(profile.silentLossChance)) return;
      if (random.chance(profile.stallChance)) {
        this.#notBeforeMs = this.#parts.clock.exactMs + random.int(1, MAX_STALL_SLOTS) * profile.slotMs;
      }
    }
    const twice = !this.#healed && random.chance(profile.duplicateChance);
    this.#deliver(twice ? [...items, ...items] : items);
  }

  #cut(): void {
    const { clock, cache, random, profile, isAlive } = this.#parts;
    this.#isLive = false;
    cache.onStatus('down', 'cut');
    clock.after(random.int(1, MAX_CUT_SLOTS) * profile.slotMs, () => {
      if (isAlive() && !this.#isLive) this.#reconnect();
    });
  }

  #reconnect(): void {
    const { cache, random, profile, buffer } = this.#parts;
    this.#isLive = true;
    cache.onStatus('live', 'connected again');
    const completeThrough = asSlot(this.#lastSlot);
    cache.onGap({ completeThrough, resumedAt: completeThrough, reason: 'reconnect', open: true });
    if (profile.replays) this.#deliver(buffer.from(this.#lastSlot - random.int(0, 3)));
  }

  #deliver(items: readonly StreamItem[]): void {
    const { clock, random, profile, isAlive, whenAwake } = this.#parts;
    const at = clock.exactMs + profile.streamLatencyMs * random.between(0.5, 1.5);
    this.#notBeforeMs = Math.max(at, this.#notBeforeMs);
    const hand = (): void => {
      for (const item of items) if (isAlive()) this.#hand(item);
    };
    clock.after(this.#notBeforeMs - clock.exactMs, () => whenAwake(hand));
  }

  #hand(item: StreamItem): void {
    const { clock, cache, onTransaction } = this.#parts;
    const receivedUs = clock.monotonicUs();
    cache.onActivity(receivedUs);
    this.#lastSlot = Math.max(this.#lastSlot, item.slot);
    if (item.kind === 'slot') {
      cache.onSlot({ slot: item.slot, parent: item.parent, status: item.status, receivedUs });
      return;
    }
    if (item.kind === 'meta') {
      const { slot, parentSlot, blockhash, blockHeight } = item;
      cache.onBlockMeta({ slot, parentSlot, blockhash, blockHeight, blockTimeMs: 0, receivedUs });
      return;
    }
    onTransaction(transactionOf(item, receivedUs));
  }
}

export function transactionOf(
  item: Pick<StreamItem & { kind: 'transaction' }, 'signature' | 'slot' | 'index' | 'fails'>,
  receivedUs: number,
): TransactionUpdate {
  return {
    signature: item.signature,
    slot: item.slot,
    index: item.index,
    error: item.fails ? { InstructionError: [2, { Custom: 6005 }] } : undefined,
    feeLamports: 5_000n,
    computeUnitsConsumed: 22_000n,
    accountKeys: [],
    preBalances: [],
    postBalances: [],
    preTokenBalances: [],
    postTokenBalances: [],
    logMessages: [],
    receivedUs,
  };
}
