/**
 * What memory holds of trades that are over: as many as configured, and none of their bytes. A listing's own short list
 * once held up to two thousand, whatever was configured, and each attempt's 600 bytes held the eight kilobytes of
 * Node's pool that they were cut from: resident memory rose for hours.
 */
import { expect, it } from 'vitest';
import { type LiveTrade, TradeStore } from '../src/lifecycle/trade-store.js';
import { collectGarbage } from '../src/memory-signal.js';
import type { TradeId } from '../src/model/brands.js';
import type { Attempt, Trade } from '../src/model/trade.js';

const WIRE_BYTES = 600;

function tradeOf(number: number): Trade {
  const attempt = { signature: `signature-${number}`, wire: Buffer.alloc(WIRE_BYTES) };
  return {
    id: `${number}` as TradeId,
    wallet: 'wallet',
    state: 'sent',
    acceptedAtMs: number,
    intent: { clientOrderId: `order-${number}` },
    attempts: [attempt as unknown as Attempt],
  } as unknown as Trade;
}

it('are let go of once there are more than configured', async () => {
  const most = 10;
  const store = new TradeStore(most);
  const added: WeakRef<LiveTrade>[] = [];
  for (let number = 0; number < 500; number += 1) {
    const live = store.add(tradeOf(number), 0, 0);
    store.end(live);
    added.push(new WeakRef(live));
  }
  await collectGarbage();
  const left = added.filter((one) => one.deref() !== undefined);
  // The list of the newest is cut back when twice as long as wanted.
  expect(left.length).toBeLessThanOrEqual(2 * most);
  expect(store.recent(most)).toHaveLength(most);
  expect([...store.newestFirst()].map(({ id }) => Number(id))).toEqual(
    Array.from({ length: most }, (_, back) => 499 - back),
  );
});

it('keep their bytes as long as they may be sent again, and no longer', () => {
  const store = new TradeStore(10);
  const live = store.add(tradeOf(1), 0, 0);
  expect(live.trade.attempts[0]!.wire).toHaveLength(WIRE_BYTES);
  store.end(live);
  expect(live.trade.attempts[0]!.wire).toHaveLength(0);
});

it('lists those that live on behind a list of the newest that is shorter than they are many', () => {
  const store = new TradeStore(1);
  for (let number = 0; number < 50; number += 1) store.add(tradeOf(number), 0, 0);
  expect(store.recent(50)).toHaveLength(50);
  expect([...store.newestFirst()]).toHaveLength(50);
  expect(store.recent(3).map(({ id }) => id)).toEqual(['49', '48', '47']);
});
