/** RPC nodes that lag, fail, fall silent, forget: each answers from its own view of the chain. */
import type { FoundOnChain, LandedTransaction, WalletHistory } from '../../src/confirm/lost-attempts.js';
import type { StatusSource } from '../../src/confirm/status-source.js';
import { HotslotError } from '../../src/errors/hotslot-error.js';
import { asBlockhash, asSlot, type Signature, type Slot } from '../../src/model/brands.js';
import type { Trade } from '../../src/model/trade.js';
import type { SignatureStatusAnswer, StatusesAnswer } from '../../src/send/chain-reader.js';
import type { Profile } from './profile.js';
import type { SeededRandom } from './seeded-random.js';
import type { VirtualClock } from './virtual-clock.js';
import { type ChainView, isAncestor, type VirtualCluster } from './virtual-cluster.js';

/** Slots for which a node knows statuses without searching its history. */
const RECENT_SLOTS = 60;
/** Slots that a pruned node keeps. */
const PRUNED_KEEP_SLOTS = 25;
const TIMEOUT_MS = 5_000;
const OUTAGE_MS = 20_000;

function attemptAt(trade: Trade, signature: Signature, slot: Slot): FoundOnChain {
  return {
    signature,
    blockhash: asBlockhash('found'),
    signedSlot: slot,
    signedAtMs: trade.acceptedAtMs,
    poolSlot: slot,
    quotedIn: 0n,
    quotedOut: 0n,
    limit: trade.limit,
    computeUnitLimit: 0,
    computeUnitPriceMicroLamports: 0n,
    wire: new Uint8Array(0),
  };
}

interface Node {
  readonly host: string;
  readonly isPruned: boolean;
  lagSlots: number;
  silentUntilMs: number;
}

export class VirtualNodes {
  readonly #clock: VirtualClock;
  readonly #random: SeededRandom;
  readonly #profile: Profile;
  readonly #cluster: VirtualCluster;
  readonly #nodes: Node[];
  readonly #dirty: () => void;
  readonly #whenAwake: (run: () => void) => void;
  #healed = false;

  constructor(
    clock: VirtualClock,
    random: SeededRandom,
    profile: Profile,
    cluster: VirtualCluster,
    dirty: () => void,
    whenAwake: (run: () => void) => void,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#profile = profile;
    this.#cluster = cluster;
    this.#dirty = dirty;
    this.#whenAwake = whenAwake;
    // At least one keeps its whole history: where none does, nothing could ever be proven.
    this.#nodes = Array.from({ length: Math.max(profile.nodes, profile.prunedNodes + 1) }, (_, index) => ({
      host: `node${index}`,
      isPruned: index < profile.prunedNodes,
      lagSlots: random.int(0, profile.nodeLagSlots),
      silentUntilMs: 0,
    }));
  }

  heal(): void {
    this.#healed = true;
    for (const node of this.#nodes) {
      node.silentUntilMs = 0;
      node.lagSlots = Math.min(node.lagSlots, 1);
    }
  }

  get source(): StatusSource {
    return {
      statuses: (signatures, searchHistory) => {
        const node = this.#random.pick(this.#nodes);
        return this.#call(node, () => this.#statuses(node, signatures, searchHistory));
      },
      firstAvailableBlock: (host) => {
        const node = this.#nodes.find((one) => one.host === host)!;
        return this.#call(node, () => this.#firstAvailable(node));
      },
    };
  }

  /** Wallets are not told apart: the bytes name their trade. */
  get history(): WalletHistory {
    return {
      landed: (_wallet, fromSlot, rootedSlot, turn) => {
        const node = this.#nodes[turn % this.#nodes.length]!;
        return this.#call(node, () => this.#landed(node, fromSlot, rootedSlot));
      },
      attemptOf: ({ signature, slot, host }, trades) => {
        const node = this.#nodes.find((one) => one.host === host)!;
        return this.#call(node, () => {
          if (this.#firstAvailable(node) > slot) return undefined;
          const tradeId = this.#cluster.transactions.get(signature)?.tradeId;
          const trade = trades.find(({ id }) => id === tradeId);
          return { found: trade && { tradeId: trade.id, attempt: attemptAt(trade, signature, slot) } };
        }).then(({ found }) => found);
      },
    };
  }

  #landed(node: Node, fromSlot: Slot, rootedSlot: Slot): LandedTransaction[] | undefined {
    const { head, root } = this.#view(node);
    if (root.slot < rootedSlot || this.#firstAvailable(node) > fromSlot) return undefined;
    return [...this.#cluster.transactions.values()].flatMap(({ signature, inclusions }) => {
      const block = inclusions.find((one) => one.slot <= root.slot && isAncestor(one, head));
      if (block === undefined || block.slot < fromSlot) return [];
      return [{ signature, slot: asSlot(block.slot), host: node.host }];
    });
  }

  /** Whether some node knows it as confirmed; the time is that of a call. */
  knows(signature: Signature): Promise<boolean> {
    const node = this.#random.pick(this.#nodes);
    return this.#call(node, () => this.#cluster.landed(signature, 'confirmed') !== undefined);
  }

  #call<T>(node: Node, answer: () => T | undefined): Promise<T> {
    if (!this.#healed && this.#random.chance(this.#profile.nodeOutageChance)) {
      node.silentUntilMs = this.#clock.exactMs + this.#random.between(0, OUTAGE_MS);
    }
    const isSilent = node.silentUntilMs > this.#clock.exactMs;
    const fails = !this.#healed && this.#random.chance(this.#profile.nodeFailureChance);
    const timesOut = isSilent || (fails && this.#random.chance(0.3));
    const requestMs = this.#random.between(0.5, 40);
    const responseMs = this.#random.between(0.5, 40);
    return new Promise((resolve, reject) => {
      if (timesOut) {
        this.#later(TIMEOUT_MS, () => reject(new HotslotError('RPC_TIMEOUT')));
        return;
      }
      this.#clock.after(requestMs, () => {
        // What it says is from now; it is heard later.
        const said = fails ? undefined : answer();
        this.#later(responseMs, () =>
          said === undefined ? reject(new HotslotError('RPC_FAILED')) : resolve(said),
        );
      });
    });
  }

  #later(delayMs: number, settle: () => void): void {
    const heard = (): void => {
      this.#dirty();
      settle();
    };
    this.#clock.after(delayMs, () => this.#whenAwake(heard));
  }

  #view(node: Node): ChainView {
    const { views } = this.#cluster;
    return views[Math.max(0, views.length - 1 - node.lagSlots)]!;
  }

  #firstAvailable(node: Node): Slot {
    const head = this.#view(node).head.slot;
    return asSlot(node.isPruned ? head - PRUNED_KEEP_SLOTS : 0);
  }

  #statuses(node: Node, signatures: readonly Signature[], searchHistory: boolean): StatusesAnswer {
    const view = this.#view(node);
    return {
      contextSlot: asSlot(view.head.slot),
      host: node.host,
      statuses: signatures.map((signature) => this.#status(node, view, signature, searchHistory)),
    };
  }

  #status(
    node: Node,
    view: ChainView,
    signature: Signature,
    searchHistory: boolean,
  ): SignatureStatusAnswer | undefined {
    const tx = this.#cluster.transactions.get(signature);
    const block = tx?.inclusions.find((one) => isAncestor(one, view.head));
    if (tx === undefined || block === undefined) return undefined;
    const isRooted = block.slot <= view.root.slot;
    const isRecent = view.head.slot - block.slot <= RECENT_SLOTS;
    const isInHistory = searchHistory && isRooted && block.slot >= this.#firstAvailable(node);
    if (!isRecent && !isInHistory) return undefined;
    if (node.isPruned && !isRecent && !isInHistory) return undefined;
    const commitment = isRooted ? 'finalized' : block.slot <= view.confirmed.slot ? 'confirmed' : 'processed';
    return {
      slot: asSlot(block.slot),
      commitment,
      error: tx.fails ? { InstructionError: [2, { Custom: 6005 }] } : null,
    };
  }
}
