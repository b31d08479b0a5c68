/** What holds over the end of a real executor process, orderly or not: the kill switch, the trades, their ids. */
import { rmSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import type { ControlClient } from '../src/cli/control-client.js';
import { waitUntilGone } from '../src/process-watch.js';
import {
  ExecutorUnderTest,
  orderFor,
  problemOf,
  QUIET_CLUSTER,
  scratchDirectory,
  TERMINAL,
  tradeIn,
} from './support/executor-under-test.js';
import { childrenOf } from './support/process-tree.js';

const END_MS = 3_000;
const DENIED = { status: 403, code: 'KILL_SWITCH_ACTIVE' };

const directory = scratchDirectory();
let executor: ExecutorUnderTest;
let control: ControlClient;

/** The next life in the same directory. */
async function live(): Promise<void> {
  executor = new ExecutorUnderTest(QUIET_CLUSTER, directory);
  control = await executor.control();
}

afterAll(async () => {
  await executor.dispose();
  rmSync(directory, { recursive: true, force: true });
});

const submit = (order: object) => control.ask('POST', '/api/trades', order);

it('a stop that came while the executor was starting holds when it has started', async () => {
  await live();
  const stop = await control.ask('POST', '/api/kill-switch');
  expect(stop).toMatchObject({ status: 200, body: { active: true, grade: 'stop' } });
  await executor.ready();
  expect(problemOf(await submit(await orderFor(control, 'stopped')))).toMatchObject(DENIED);
  await executor.stop();
});

it('it holds in the next life too, until it is released with a reason', async () => {
  await live();
  await executor.ready();
  const { body } = await control.ask('GET', '/api/status');
  expect(body).toMatchObject({ risk: { killSwitchActive: true, killSwitch: { grade: 'stop' } } });
  // Ready is who has everything that a trade needs: a restart under a stop has come up.
  expect(await control.ask('GET', '/readyz')).toMatchObject({ status: 200, body: { ready: true } });
  const order = await orderFor(control, 'stopped');
  expect(problemOf(await submit(order))).toMatchObject(DENIED);

  const release = await control.ask('POST', '/api/kill-switch', { active: false });
  expect(problemOf(release)).toMatchObject({ status: 400, code: 'INTENT_FIELD_MISSING', field: 'reason' });
  expect(problemOf(await submit(order))).toMatchObject(DENIED);

  const released = await control.ask('POST', '/api/kill-switch', { active: false, reason: 'tested' });
  expect(released).toMatchObject({ status: 200, body: { active: false } });
  // What was denied was never taken: its client order id is free.
  expect((await submit(order)).status).toBe(202);
});

it('after kill -9 each trade is known, is settled by the chain once, and keeps its client order id', async () => {
  const [child = 0] = childrenOf(executor.pid);
  const orders = await Promise.all(['a', 'b', 'c', 'd'].map((id) => orderFor(control, id)));
  const taken = await Promise.all(orders.map(submit));
  const ids = taken.map(({ body }) => (body as { id: string }).id);
  executor.signal('SIGKILL');
  await executor.exited();
  // The cluster would wait for its next executor; this one is to begin from what was kept on disk.
  process.kill(child, 'SIGTERM');
  expect(await waitUntilGone(child, END_MS)).toBe(true);

  await live();
  await executor.ready();
  const ends = await Promise.all(ids.map((id) => tradeIn(control, id, TERMINAL)));
  expect(ends.map(({ state, attempts }) => [state, attempts.length])).toEqual(
    ids.map(() => ['finalized', 1]),
  );
  const again = await Promise.all(orders.map(submit));
  expect(again.map(({ body }) => (body as { id: string }).id)).toEqual(ids);
  const other = await submit({ ...orders[0], amount: '1' });
  expect(problemOf(other)).toMatchObject({ status: 409, code: 'CLIENT_ORDER_ID_REUSED' });
});
