/** A page of trades: what is in memory and what only the index has, as one list by falling id. */
import type { TradePage, TradeQuery } from '../control/operations.js';
import type { TradeId } from '../model/brands.js';
import type { Trade } from '../model/trade.js';
import { timePartOf } from '../model/trade-id.js';
import { nextTurn } from '../time/next-turn.js';

/** Trades that one page looks at; a filter that finds fewer gets a page that is not full, and where it goes on. */
export const MAX_LOOKED_AT = 10_000;
/** Ids read from the index at once. */
const IDS_AT_ONCE = 256;
/** Trades read from the index, or looked at in memory, between two turns of the event loop. */
const READ_A_TURN = 16;
const LOOKED_AT_A_TURN = 1_000;

export interface TradeSources {
  /** Newest first. */
  readonly memory: Iterator<Trade>;
  readonly archive: {
    idsBelow(below: TradeId | undefined, limit: number): readonly TradeId[];
    get(id: TradeId): Trade | undefined;
  };
}

export async function listTrades(sources: TradeSources, query: TradeQuery): Promise<TradePage> {
  const merged = new MergedTrades(sources, query.below);
  const trades: Trade[] = [];
  let last: TradeId | undefined;
  for (let looked = 1; looked <= MAX_LOOKED_AT; looked += 1) {
    const trade = merged.next();
    if (trade === undefined || query.isPast(trade)) return { trades, next: undefined };
    last = trade.id;
    if (query.matches(trade)) trades.push(trade);
    if (trades.length === query.limit) break;
    if (merged.takeRead() || looked % LOOKED_AT_A_TURN === 0) await nextTurn();
  }
  return { trades, next: merged.isAtEnd() ? undefined : last };
}

/** The trades of one millisecond stand in memory as they came; their ids are by chance. */
class ById {
  readonly #trades: Iterator<Trade>;
  #ahead: Trade | undefined;
  #run: Trade[] = [];

  constructor(trades: Iterator<Trade>) {
    this.#trades = trades;
    this.#ahead = this.#pull();
  }

  peek(): Trade | undefined {
    if (this.#run.length === 0) this.#fill();
    return this.#run.at(-1);
  }

  drop(): void {
    this.#run.pop();
  }

  #fill(): void {
    const first = this.#ahead;
    if (first === undefined) return;
    const idTime = timePartOf(first.id);
    while (this.#ahead !== undefined && timePartOf(this.#ahead.id) === idTime) {
      this.#run.push(this.#ahead);
      this.#ahead = this.#pull();
    }
    this.#run.sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  #pull(): Trade | undefined {
    const next = this.#trades.next();
    return next.done ? undefined : next.value;
  }
}

class MergedTrades {
  readonly #archive: TradeSources['archive'];
  readonly #memory: ById;
  /** Falling; read on when it is empty. */
  #ids: readonly TradeId[] = [];
  #at = 0;
  #below: TradeId | undefined;
  #archiveIsOver = false;
  #readCount = 0;

  constructor({ memory, archive }: TradeSources, below: TradeId | undefined) {
    this.#archive = archive;
    this.#memory = new ById(memory);
    this.#below = below;
    if (below === undefined) return;
    for (
      let trade = this.#memory.peek();
      trade !== undefined && trade.id >= below;
      trade = this.#memory.peek()
    )
      this.#memory.drop();
  }

  /** The next older one; that of the memory where both have it. */
  next(): Trade | undefined {
    for (;;) {
      const inMemory = this.#memory.peek();
      const id = this.#nextId();
      if (inMemory !== undefined && (id === undefined || inMemory.id >= id)) {
        if (inMemory.id === id) this.#at += 1;
        this.#memory.drop();
        return inMemory;
      }
      if (id === undefined) return undefined;
      this.#at += 1;
      this.#readCount += 1;
      const trade = this.#archive.get(id);
      if (trade !== undefined) return trade;
    }
  }

  isAtEnd(): boolean {
    return this.#memory.peek() === undefined && this.#nextId() === undefined;
  }

  /** Whether so much was read that others should have their turn. */
  takeRead(): boolean {
    if (this.#readCount < READ_A_TURN) return false;
    this.#readCount = 0;
    return true;
  }

  #nextId(): TradeId | undefined {
    if (this.#at < this.#ids.length) return this.#ids[this.#at];
    if (this.#archiveIsOver) return undefined;
    this.#ids = this.#archive.idsBelow(this.#below, IDS_AT_ONCE);
    this.#at = 0;
    this.#below = this.#ids.at(-1);
    this.#archiveIsOver = this.#ids.length === 0;
    return this.#ids[0];
  }
}
