/** Pages of trades: no trade twice, none left out, whether memory, history or both have it. */
import { describe, expect, it } from 'vitest';
import type { TradeQuery } from '../src/control/operations.js';
import { MAX_TRADES_LISTED, parseTradeQuery } from '../src/control/trade-query.js';
import { listTrades, MAX_LOOKED_AT } from '../src/executor/trade-listing.js';
import { TradeStore } from '../src/lifecycle/trade-store.js';
import { asTradeId, type TradeId } from '../src/model/brands.js';
import type { Trade } from '../src/model/trade.js';
import { newTradeId } from '../src/model/trade-id.js';
import { seededRandom } from './support/seeded-random.js';

const ALL: TradeQuery = { limit: 7, below: undefined, matches: () => true, isPast: () => false };

/** Three trades a millisecond, in the order in which they came. */
function tradesOf(count: number): Trade[] {
  const random = seededRandom(7);
  return Array.from({ length: count }, (_, index) => {
    const acceptedAtMs = 1_000_000 + Math.floor(index / 3);
    const id = newTradeId(acceptedAtMs, random);
    const intent = {
      clientOrderId: `o${index}`,
      inputMint: `m${index % 2}`,
      outputMint: `m${(index + 1) % 5}`,
    };
    const state = index % 4 === 0 ? 'failed' : 'finalized';
    return { id, acceptedAtMs, intent, state, wallet: `w${index % 3}`, pool: 'p' } as unknown as Trade;
  });
}

function archiveOf(trades: readonly Trade[]) {
  const byId = new Map(trades.map((trade) => [trade.id, trade]));
  const ids = [...byId.keys()].sort().reverse();
  const reads: TradeId[] = [];
  return {
    reads,
    idsBelow: (below: TradeId | undefined, limit: number) =>
      ids.filter((id) => below === undefined || id < below).slice(0, limit),
    get: (id: TradeId) => {
      reads.push(id);
      return byId.get(id);
    },
  };
}

const memoryOf = (trades: readonly Trade[]) => trades.toReversed()[Symbol.iterator]();
const byFallingId = (trades: readonly Trade[]) =>
  trades
    .map(({ id }) => id as string)
    .sort()
    .reverse();

async function everyPage(memory: readonly Trade[], archived: readonly Trade[], query = ALL) {
  const ids: string[] = [];
  const archive = archiveOf(archived);
  let below = query.below;
  for (let pages = 1; pages < 200; pages += 1) {
    const page = await listTrades({ memory: memoryOf(memory), archive }, { ...query, below });
    ids.push(...page.trades.map(({ id }) => id));
    if (page.next === undefined) return { ids, pages, reads: archive.reads };
    below = page.next;
  }
  throw new Error('the pages do not end');
}

describe('a listing', () => {
  const trades = tradesOf(50);
  // History has what ended, memory what is newest and one old trade that never ended.
  const memory = [trades[3]!, ...trades.slice(30)];
  const archived = trades.filter((_, index) => index !== 3 && index < 45);

  it('has every trade once, by falling id, over all pages', async () => {
    const { ids, pages } = await everyPage(memory, archived);
    expect(ids).toEqual(byFallingId(trades));
    expect(pages).toBe(Math.ceil(50 / 7));
  });

  it('goes by the ids where a trade was accepted some milliseconds after its id was made', async () => {
    const late = trades.map((trade, index) => ({
      ...trade,
      acceptedAtMs: trade.acceptedAtMs + (index % 3),
    }));
    const { ids } = await everyPage(late, late);
    expect(ids).toEqual(byFallingId(late));
  });

  it('reads from history only what memory does not have', async () => {
    const { reads } = await everyPage(memory, archived);
    expect(reads.sort()).toEqual(
      archived
        .slice(0, 29)
        .map(({ id }) => id)
        .sort(),
    );
  });

  it('ends with a full page where nothing is left', async () => {
    const { trades: page, next } = await listTrades(
      { memory: memoryOf(trades), archive: archiveOf([]) },
      { ...ALL, limit: 50 },
    );
    expect([page.length, next]).toEqual([50, undefined]);
  });

  it('goes on from an id that is no trade’s, or of one that is gone', async () => {
    const below = asTradeId(`${trades[20]!.id}0`);
    const { ids } = await everyPage(memory, archived, { ...ALL, below });
    expect(ids).toEqual(byFallingId(trades).filter((id) => id < below));
  });

  it('looks at so many and no more, and says where it goes on', async () => {
    const many = tradesOf(MAX_LOOKED_AT + 2);
    const query = { ...ALL, matches: ({ id }: Trade) => id === many[0]!.id };
    const first = await listTrades({ memory: memoryOf(many), archive: archiveOf([]) }, query);
    expect([first.trades.length, first.next]).toEqual([0, byFallingId(many)[MAX_LOOKED_AT - 1]]);
    const { ids } = await everyPage(many, [], query);
    expect(ids).toEqual([many[0]!.id]);
  });
});

describe('the trades in memory', () => {
  it('are gone through newest first, however many there are, without those that come meanwhile', () => {
    const store = new TradeStore(20_000);
    const trades = tradesOf(2_600).map((trade) => ({ ...trade, attempts: [] }));
    const added = trades.slice(0, 2_500).map((trade) => store.add(trade, 0, 0));
    store.remove(added.at(-1)!);
    const expected = trades.slice(0, 2_499).map(({ id }) => id);
    expect([...store.newestFirst()].map(({ id }) => id)).toEqual(expected.toReversed());
    const seen: string[] = [];
    for (const trade of store.newestFirst()) {
      if (seen.push(trade.id) === 5) for (const late of trades.slice(2_500)) store.add(late, 0, 0);
    }
    expect(seen).toEqual(expected.toReversed());
  });
});

describe('the filters', () => {
  const trades = tradesOf(60);
  const found = async (text: string) => {
    const query = parseTradeQuery(new URLSearchParams(`limit=1000&${text}`), (name) =>
      name === 'named' ? 'w1' : undefined,
    );
    const { trades: page } = await listTrades({ memory: memoryOf(trades), archive: archiveOf([]) }, query);
    return page;
  };
  const expected = (isWanted: (trade: Trade, index: number) => boolean) =>
    byFallingId(trades.filter(isWanted));

  it.each<[string, (trade: Trade, index: number) => boolean]>([
    ['state=failed', ({ state }) => state === 'failed'],
    ['state=failed,finalized', () => true],
    ['wallet=w2', ({ wallet }) => (wallet as string) === 'w2'],
    ['wallet=named', ({ wallet }) => (wallet as string) === 'w1'],
    ['pool=q', () => false],
    ['mint=m0', ({ intent }) => [intent.inputMint, intent.outputMint].includes('m0' as never)],
    ['clientOrderId=o17', (_, index) => index === 17],
    ['fromMs=1000005', ({ acceptedAtMs }) => acceptedAtMs >= 1_000_005],
    ['toMs=1000005', ({ acceptedAtMs }) => acceptedAtMs < 1_000_005],
    ['fromMs=1000004&toMs=1000005&state=finalized', (_, index) => [13, 14].includes(index)],
  ])('%s finds what it says', async (text, isWanted) => {
    expect((await found(text)).map(({ id }) => id)).toEqual(expected(isWanted));
  });

  it.each([
    ['limit=0', 'limit'],
    [`limit=${MAX_TRADES_LISTED + 1}`, 'limit'],
    ['state=done', 'state'],
    ['wallet=', 'wallet'],
    ['fromMs=yesterday', 'fromMs'],
    ['sate=failed', 'sate'],
  ])('%s is refused', (text, field) => {
    expect(() => parseTradeQuery(new URLSearchParams(text), () => undefined)).toThrow(
      expect.objectContaining({ field }),
    );
  });
});
