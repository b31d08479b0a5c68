/** What an operator or the kill switch ended is no failure to land: it may not trip the switch, nor wake anybody. */
import { expect, it } from 'vitest';
import { DeskRig } from './support/desk-rig.js';
import { observe } from './support/observed-rig.js';
import { settled } from './support/transactions.js';

function setUp(maxAttempts = 1) {
  const rig = new DeskRig({ maxAttempts });
  return { rig, ...observe(rig, (trade) => trade.stopCount !== rig.stopCount) };
}

it('counts a trade that expired by itself, and not one that was cancelled or stopped', async () => {
  const { rig, counts, ends } = setUp();
  const lost = await rig.sent();
  rig.expired(lost);
  expect([lost.state, ends, counts.successRate]).toEqual(['expired', [false], 0]);

  const cancelled = await rig.sent();
  rig.desk.cancel(cancelled.id);
  rig.expired(cancelled);
  const stopped = await rig.sent();
  rig.stop();
  rig.grade = 'off';
  rig.expired(stopped);
  expect([cancelled.state, stopped.state]).toEqual(['expired', 'expired']);
  expect([ends, counts.ratedTrades, counts.reached('expired')]).toEqual([[false], 1, 3]);
});

it('counts one that landed with an error, whatever was asked for', async () => {
  const { rig, ends } = setUp();
  const trade = await rig.sent();
  rig.desk.cancel(trade.id);
  rig.landed(trade, 'finalized', { error: { InstructionError: [0, { Custom: 1 }] } });
  expect([trade.state, ends]).toEqual(['failed', [false]]);
});

it('does not count one that the kill switch kept from a second attempt', async () => {
  const { rig, counts, ends } = setUp(3);
  const trade = await rig.sent();
  rig.building = [];
  rig.expired(trade);
  await settled();
  rig.grade = 'reduce';
  rig.shrinks = false;
  for (const finish of rig.building) finish();
  await settled();
  expect(trade).toMatchObject({ state: 'expired', denial: { code: 'KILL_SWITCH_ACTIVE' } });
  expect([ends, counts.ratedTrades]).toEqual([[], 0]);
});
