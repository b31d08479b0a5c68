/** When a wallet in doubt is settled, and by whose word: never too soon, never by a node that cannot know. */
import { describe, expect, it } from 'vitest';
import {
  FAULT_PERIOD_MS,
  type FoundOnChain,
  LAG_MARGIN_BLOCKS,
  type LandedTransaction,
  LostAttemptSearch,
  SEARCH_PERIOD_MS,
} from '../src/confirm/lost-attempts.js';
import { HotslotError } from '../src/errors/hotslot-error.js';
import { type Address, asAddress, asSignature, asSlot } from '../src/model/brands.js';
import type { Trade } from '../src/model/trade.js';
import { FakeSlots } from './support/fake-slots.js';
import { ManualClock } from './support/manual-clock.js';
import { settled } from './support/transactions.js';

const WALLET = asAddress('wallet1');
const START = 2_000;
/** The first slot past everything that an attempt of an earlier life can be in. */
const PAST = START + 150 + LAG_MARGIN_BLOCKS + 1;

const tradeOf = (id: string, intentSlot: number) =>
  ({ id, intentSlot, wallet: WALLET, attempts: [] }) as unknown as Trade;

function setUp(trades: Trade[] = [tradeOf('first', 1_990), tradeOf('second', 1_980)]) {
  const clock = new ManualClock();
  const slots = new FakeSlots();
  slots.reachAll(START);
  const doubtful = new Map<Address, Trade[]>(trades.length === 0 ? [] : [[WALLET, trades]]);
  const asked: string[] = [];
  const adopted: string[] = [];
  const node = {
    landed: [] as LandedTransaction[],
    fails: false,
    /** Trades by the transactions that are theirs. */
    owners: new Map<string, string>(),
    adopts: true,
  };
  const faults: unknown[] = [];
  const state = { settled: 0, cleared: '' };
  const search = new LostAttemptSearch({
    clock,
    slots,
    isKnown: (signature) => signature === 'known',
    trades: {
      doubtful: () => doubtful,
      adopt: (id, found) => {
        if (node.adopts) adopted.push(`${id} ${found.signature} ${found.lastValidBlockHeight}`);
        return node.adopts;
      },
      clearDoubt: (wallet, evidence) => {
        state.cleared = `${wallet} ${evidence.slot}`;
        doubtful.delete(wallet);
      },
    },
    history: {
      landed: async (wallet, fromSlot, rootedSlot, turn) => {
        asked.push(`${wallet} ${fromSlot} ${rootedSlot} ${turn}`);
        if (node.fails) throw new HotslotError('RPC_FAILED');
        return node.landed;
      },
      attemptOf: async ({ signature, slot }, open) => {
        const owner = open.find((trade) => trade.id === node.owners.get(signature));
        const attempt = { signature, signedSlot: slot } as FoundOnChain;
        return owner && { tradeId: owner.id, attempt };
      },
    },
    onSettled: () => {
      state.settled += 1;
    },
    onFault: (_wallet, error) => faults.push(error),
  });
  const look = async (times = 1) => {
    for (let count = 0; count < times; count += 1) {
      clock.advance(SEARCH_PERIOD_MS);
      await settled();
    }
  };
  return { clock, slots, asked, adopted, node, faults, state, search, look };
}

const landedAt = (signature: string, slot: number): LandedTransaction => ({
  signature: asSignature(signature),
  slot: asSlot(slot),
  host: 'node1',
});

describe('the search for lost attempts', () => {
  it('asks nobody before a block is rooted that no earlier attempt can be in', async () => {
    const { slots, asked, look } = setUp();
    await look();
    slots.reach('processed', PAST + 100);
    slots.reach('confirmed', PAST + 100);
    slots.reach('finalized', PAST - 1);
    await look(20);
    expect(asked).toEqual([]);
    slots.reach('finalized', PAST);
    await look();
    expect(asked).toEqual([`wallet1 1980 ${PAST} 0`]);
  });

  it('clears a wallet of which nothing unknown landed, and says so once', async () => {
    const { slots, node, state, look, clock } = setUp();
    node.landed = [landedAt('known', 1_995)];
    await look();
    slots.reachAll(PAST);
    await look(3);
    expect(state).toEqual({ settled: 1, cleared: `wallet1 ${PAST}` });
    expect(clock.timerCount).toBe(0);
  });

  it('gives what landed to its trade, each trade one, and leaves strangers alone', async () => {
    const { slots, node, adopted, state, look } = setUp();
    node.landed = [landedAt('sweep', 1_985), landedAt('lost', 1_991), landedAt('other', 1_992)];
    node.owners = new Map([
      ['lost', 'first'],
      ['other', 'first'],
    ]);
    await look();
    slots.reachAll(PAST);
    await look();
    expect(adopted).toEqual([`first lost ${1_000 + 150 + LAG_MARGIN_BLOCKS}`]);
    expect(state.cleared).not.toBe('');
  });

  it('waits while a trade cannot take what was found for it', async () => {
    const { slots, node, state, look } = setUp();
    node.landed = [landedAt('lost', 1_991)];
    node.owners.set('lost', 'first');
    node.adopts = false;
    await look();
    slots.reachAll(PAST);
    await look(5);
    expect(state.cleared).toBe('');
    node.adopts = true;
    await look();
    expect(state.cleared).not.toBe('');
  });

  it('asks another node when one cannot tell, for as long as it takes', async () => {
    const { slots, node, asked, faults, state, look } = setUp();
    node.fails = true;
    await look();
    slots.reachAll(PAST);
    await look(3);
    expect(asked.map((question) => question.slice(-1))).toEqual(['0', '1', '2']);
    expect([faults.length, state.cleared]).toEqual([1, '']);
    node.fails = false;
    await look();
    expect(state.cleared).not.toBe('');
  });

  it('tells at a bounded pace of a wallet that no node can answer for', async () => {
    const { slots, node, asked, faults, look } = setUp();
    node.fails = true;
    await look();
    slots.reachAll(PAST);
    await look((2 * FAULT_PERIOD_MS) / SEARCH_PERIOD_MS);
    expect([asked.length, faults.length]).toEqual([240, 2]);
    await look();
    expect(faults).toHaveLength(3);
  });

  it('is settled at once where nothing is in doubt', async () => {
    const { state, look } = setUp([]);
    await look();
    expect(state.settled).toBe(1);
  });
});
