/**
 * Several nodes' accounts of one chain, told as if one node had told them. Accounts come from one stream, the
 * *source*, so the fork that is told must be one on which the source's writes make sense. Hence:
 *
 * - What the source says is passed on as it comes: its view is a node's own, and consistent. It goes before what
 *   others say of the same slot, also where they disagree (two versions of one block, a slot dead on one node).
 * - `confirmed` and `finalized` are facts about the cluster, not a node's opinion: whoever says them first is
 *   believed, and from then on no node's word makes such a slot dead. With them goes that stream's meta of the
 *   slot: of two versions of a block the one whose node confirmed it is the right one. Should the source have
 *   held the other one, or the slot for dead, its accounts are reported as a hole.
 * - `processed` and its meta from another stream are passed on while they lead on from the source's own head:
 *   the head is known early, and every slot by which the source is behind shows in the accounts' age, since such
 *   news bears `accountsPending`. A slot on another fork waits, so that the head cannot flip to a fork whose
 *   writes never came, and back: until the source has told it, or a higher slot (then it can move no head any
 *   more, and says only where a transaction was seen), or it is confirmed.
 * - `dead` from another stream waits in the same way: it is for taking back writes, and the source says it of
 *   its own. News of slots in progress is of use with accounts only: the source's is passed on.
 * - A late word of a slower node is at most news of what nobody told before; the rest is a repetition. Words of
 *   slots far below the newest are not listened to any more.
 *
 * At a takeover the new source's memory of the last slots is laid over what was told, oldest slot first. Slots
 * that an earlier source completed keep their accounts: the same block wrote the same.
 */
import type { Blockhash, Signature, Slot } from '../model/brands.js';
import type {
  AccountUpdate,
  BlockMetaUpdate,
  SlotUpdate,
  StreamGap,
  StreamSink,
  TransactionUpdate,
} from './types.js';

/** Slots below the newest about which anything is remembered. */
export const MEMORY_SLOTS = 512;
/** Transactions of ours remembered for one slot; what comes beyond may be told twice. */
export const MAX_TRANSACTIONS_A_SLOT = 4_096;

/** What one stream has said of one slot. */
interface News {
  start: SlotUpdate | undefined;
  meta: BlockMetaUpdate | undefined;
  processed: SlotUpdate | undefined;
  dead: SlotUpdate | undefined;
}

/** What was passed on of one slot. */
interface Told {
  blockhash: Blockhash | undefined;
  processed: boolean;
  confirmed: boolean;
  finalized: boolean;
  dead: boolean;
  /** The source whose accounts of the slot are all there. */
  completedBy: number | undefined;
  transactions: Set<Signature> | undefined;
}

interface Lane {
  readonly news: Map<number, News>;
  /** Slots with a verdict that waits. */
  readonly held: Set<number>;
  /** Highest processed slot. */
  head: number;
  /** Highest slot named in any way. */
  newest: number;
}

export class SlotMerge {
  readonly #sink: StreamSink;
  readonly #lanes: Lane[];
  readonly #told = new Map<number, Told>();
  #source = 0;
  #newest = 0;

  constructor(sink: StreamSink, lanes: number) {
    this.#sink = sink;
    this.#lanes = Array.from({ length: lanes }, () => ({
      news: new Map(),
      held: new Set(),
      head: 0,
      newest: 0,
    }));
  }

  /** Highest slot that the stream has processed. */
  headOf(lane: number): number {
    return this.#lanes[lane]!.head;
  }

  newestOf(lane: number): number {
    return this.#lanes[lane]!.newest;
  }

  onSlot(lane: number, update: SlotUpdate): void {
    const news = this.#newsOf(lane, update.slot);
    if (news === undefined) return;
    switch (update.status) {
      case 'confirmed':
      case 'finalized':
        this.#settled(lane, update, news);
        return;
      case 'processed':
        news.processed = update;
        news.dead = undefined;
        this.#lanes[lane]!.head = Math.max(this.#lanes[lane]!.head, update.slot);
        break;
      case 'dead':
        news.dead = update;
        news.processed = undefined;
        break;
      default:
        if (update.parent !== undefined || news.start === undefined) news.start = update;
        if (lane === this.#source) this.#sink.onSlot(update);
        return;
    }
    if (lane === this.#source) this.#sourceVerdict(update);
    else this.#release(lane, update.slot);
  }

  onBlockMeta(lane: number, update: BlockMetaUpdate): void {
    const news = this.#newsOf(lane, update.slot);
    if (news === undefined) return;
    news.meta = update;
    if (lane === this.#source) {
      this.#tellMeta(update);
      return;
    }
    const told = this.#toldOf(update.slot);
    if (told.blockhash === undefined && (told.processed || told.confirmed)) this.#tellMeta(update, true);
  }

  /** Whether an account update of the source is news: not of a slot that an earlier source completed. */
  takesAccount(slot: Slot): boolean {
    const completedBy = this.#told.get(slot)?.completedBy;
    return completedBy === undefined || completedBy === this.#source;
  }

  /** Notes that a stream knows of the slot: of a slot's news, an account update may be the first. */
  noteAccount(lane: number, slot: Slot): void {
    this.#newsOf(lane, slot);
  }

  /** By signature and slot: the same transaction may land on several forks. */
  isNewTransaction({ slot, signature }: TransactionUpdate): boolean {
    const told = this.#toldOf(slot);
    told.transactions ??= new Set();
    if (told.transactions.has(signature)) return false;
    if (told.transactions.size < MAX_TRANSACTIONS_A_SLOT) told.transactions.add(signature);
    return true;
  }

  /** The source was not complete for these slots after all: another may bring them. */
  onHole({ completeThrough, repairFrom, resumedAt }: StreamGap): void {
    for (const [slot, told] of this.#told) {
      if (slot > completeThrough && slot <= (repairFrom ?? resumedAt)) told.completedBy = undefined;
    }
  }

  /** The first source: nothing was told before it. */
  begin(lane: number): void {
    this.#source = lane;
  }

  /** @param accountsOf the new source's account updates of a slot, as far as they were kept */
  takeOver(lane: number, accountsOf: (slot: Slot) => readonly AccountUpdate[]): void {
    this.#source = lane;
    const { news, held } = this.#lanes[lane]!;
    held.clear();
    for (const [slot, said] of [...news].sort(([a], [b]) => a - b)) {
      this.#layOver(slot as Slot, said, accountsOf);
    }
    this.#releaseHeld();
  }

  #layOver(slot: Slot, said: News, accountsOf: (slot: Slot) => readonly AccountUpdate[]): void {
    const told = this.#toldOf(slot);
    if (said.dead !== undefined) {
      if (!told.confirmed && !told.dead) this.#tellDead(said.dead, told);
      return;
    }
    const wasComplete = told.completedBy !== undefined;
    if (!wasComplete) {
      if (said.start !== undefined && !told.dead) this.#sink.onSlot(said.start);
      for (const update of accountsOf(slot)) this.#sink.onAccount(update);
    }
    if (said.meta !== undefined && (!wasComplete || told.blockhash !== said.meta.blockhash)) {
      this.#tellMeta(said.meta);
    }
    if (said.processed !== undefined && (!wasComplete || told.dead)) this.#tellProcessed(said.processed);
  }

  // --- verdicts -----------------------------------------------------------------------------------------------

  #sourceVerdict(update: SlotUpdate): void {
    const told = this.#toldOf(update.slot);
    if (update.status === 'processed') this.#tellProcessed(update);
    else if (told.confirmed) this.#contradicted(update.slot);
    else this.#tellDead(update, told);
    this.#releaseHeld();
  }

  /** Confirmed or finalized. */
  #settled(lane: number, update: SlotUpdate, news: News): void {
    const told = this.#toldOf(update.slot);
    if (update.status === 'confirmed' ? told.confirmed : told.finalized) return;
    told.confirmed = true;
    told.finalized ||= update.status === 'finalized';
    told.dead = false;
    const meta = news.meta ?? this.#anyMeta(update.slot);
    if (
      meta !== undefined &&
      told.blockhash !== meta.blockhash &&
      (news.meta !== undefined || told.blockhash === undefined)
    ) {
      this.#tellMeta(meta, lane !== this.#source);
    }
    this.#sink.onSlot(update);
    const source = this.#lanes[this.#source]!.news.get(update.slot);
    const otherVersion =
      news.meta !== undefined && (source?.meta?.blockhash ?? news.meta.blockhash) !== news.meta.blockhash;
    if (otherVersion || source?.dead !== undefined) this.#contradicted(update.slot);
  }

  #anyMeta(slot: Slot): BlockMetaUpdate | undefined {
    for (const { news } of this.#lanes) {
      const meta = news.get(slot)?.meta;
      if (meta !== undefined) return meta;
    }
    return undefined;
  }

  /** Another stream's verdict on a slot: passed on, or held. */
  #release(lane: number, slot: Slot): void {
    const { news, held } = this.#lanes[lane]!;
    const said = news.get(slot);
    const source = this.#lanes[this.#source]!.news.get(slot);
    const told = this.#toldOf(slot);
    const isDecided = source?.processed !== undefined || source?.dead !== undefined || told.confirmed;
    if (said === undefined || isDecided || (said.dead === undefined ? told.processed : told.dead)) {
      held.delete(slot);
      return;
    }
    if (!this.#mayBeTold(lane, slot, said)) {
      held.add(slot);
      return;
    }
    held.delete(slot);
    if (said.dead !== undefined) {
      this.#tellDead(said.dead, told);
    } else if (said.processed !== undefined) {
      if (said.meta !== undefined && told.blockhash === undefined) this.#tellMeta(said.meta, true);
      this.#tellProcessed(said.processed, true);
    }
  }

  #mayBeTold(lane: number, slot: Slot, said: News): boolean {
    const { head } = this.#lanes[this.#source]!;
    if (head === 0 || slot < head) return true;
    return said.dead === undefined && this.#leadsOn(lane, slot, head);
  }

  /** Whether the stream's chain below the slot passes through the source's head. */
  #leadsOn(lane: number, slot: Slot, head: number): boolean {
    const { news } = this.#lanes[lane]!;
    for (let at: number = slot, steps = 0; steps < MEMORY_SLOTS; steps++) {
      const said = news.get(at);
      const parent = said?.meta?.parentSlot ?? said?.processed?.parent ?? said?.start?.parent;
      if (parent === head) return true;
      if (parent === undefined || parent < head || parent >= at) return false;
      at = parent;
    }
    return false;
  }

  #releaseHeld(): void {
    this.#lanes.forEach(({ held }, lane) => {
      if (lane === this.#source || held.size === 0) return;
      for (const slot of [...held].sort((a, b) => a - b)) this.#release(lane, slot as Slot);
    });
  }

  // --- telling ------------------------------------------------------------------------------------------------

  #tellMeta(meta: BlockMetaUpdate, accountsPending = false): void {
    const told = this.#toldOf(meta.slot);
    told.blockhash = meta.blockhash;
    if (!accountsPending) told.completedBy = this.#source;
    this.#sink.onBlockMeta(accountsPending ? { ...meta, accountsPending: true } : meta);
  }

  #tellProcessed(update: SlotUpdate, accountsPending = false): void {
    const told = this.#toldOf(update.slot);
    told.processed = true;
    told.dead = false;
    if (!accountsPending) told.completedBy = this.#source;
    this.#sink.onSlot(accountsPending ? { ...update, accountsPending: true } : update);
  }

  #tellDead(update: SlotUpdate, told: Told): void {
    told.dead = true;
    told.processed = false;
    told.completedBy = undefined;
    this.#sink.onSlot(update);
  }

  /** The source held another version of a slot that the cluster confirmed: what it wrote there is worth nothing. */
  #contradicted(slot: Slot): void {
    this.#sink.onGap({
      completeThrough: (slot - 1) as Slot,
      resumedAt: (slot + 1) as Slot,
      reason: 'missingSlot',
      repairFrom: slot,
      open: false,
    });
  }

  // --- memory -------------------------------------------------------------------------------------------------

  /** Undefined for slots too far below the newest. */
  #newsOf(lane: number, slot: Slot): News | undefined {
    const { news, newest } = this.#lanes[lane]!;
    if (slot > newest) this.#lanes[lane]!.newest = slot;
    if (slot > this.#newest) this.#advance(slot);
    if (slot < this.#newest - MEMORY_SLOTS) return undefined;
    let said = news.get(slot);
    if (said === undefined) {
      said = { start: undefined, meta: undefined, processed: undefined, dead: undefined };
      news.set(slot, said);
    }
    return said;
  }

  #toldOf(slot: Slot): Told {
    let told = this.#told.get(slot);
    if (told === undefined) {
      told = {
        blockhash: undefined,
        processed: false,
        confirmed: false,
        finalized: false,
        dead: false,
        completedBy: undefined,
        transactions: undefined,
      };
      this.#told.set(slot, told);
    }
    return told;
  }

  #advance(newest: number): void {
    this.#newest = newest;
    forgetBelow(this.#told, newest - MEMORY_SLOTS);
    for (const { news, held } of this.#lanes) {
      forgetBelow(news, newest - MEMORY_SLOTS);
      for (const slot of held) if (slot < newest - MEMORY_SLOTS) held.delete(slot);
    }
  }
}

/** Insertion order is close to slot order: the front is where the old ones are. */
function forgetBelow(map: Map<number, unknown>, oldest: number): void {
  for (const slot of map.keys()) {
    if (slot >= oldest) break;
    map.delete(slot);
  }
}
