/** Ended trades leave memory in the order of their ends; those that live on stay, however many have ended since. */
import { expect, it } from 'vitest';
import { DeskRig } from './support/desk-rig.js';

it('keeps as many ended trades as the setting says, and every one that has not ended', async () => {
  const rig = new DeskRig({ maxRecentTrades: 2 });
  const out = await rig.sent();
  const ended = ['first', 'second', 'third'].map((clientOrderId) => rig.submit({ clientOrderId }));
  for (const trade of ended) rig.desk.cancel(trade.id);
  expect(ended.map(({ state }) => state)).toEqual(['cancelled', 'cancelled', 'cancelled']);
  // The rig has no index behind its memory.
  expect(ended.map(({ id }) => rig.desk.get(id)?.id)).toEqual([undefined, ended[1]?.id, ended[2]?.id]);
  expect(rig.desk.get(out.id)).toBe(out);
  expect(rig.desk.recent(10).map(({ id }) => id)).toEqual([ended[2]?.id, ended[1]?.id, out.id]);
});
