/** What signals do to a real executor process, and what it leaves behind. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { waitUntilGone } from '../src/process-watch.js';
import { replayRecording } from '../src/replay/replay-recording.js';
import { systemClock } from '../src/time/clock.js';
import {
  ExecutorUnderTest,
  eventually,
  orderFor,
  poolsOf,
  QUIET_CLUSTER,
  type Settings,
  tradeIn,
} from './support/executor-under-test.js';
import { childrenOf } from './support/process-tree.js';

/** The cluster ends with its executor, not by the limit of 30 s after which it would do so alone. */
const END_MS = 3_000;

function start(settings: Settings): ExecutorUnderTest {
  const executor = new ExecutorUnderTest(settings);
  onTestFinished(() => executor.dispose());
  return executor;
}

it('SIGUSR2 logs memory and ends nothing; Ctrl-C ends everything; the recording replays to the same pools', async () => {
  const executor = start({ ...QUIET_CLUSTER, RECORD_STREAM: 'stream.rec' });
  const control = await executor.ready();

  executor.signal('SIGUSR2');
  const line = await eventually('the line', () =>
    executor.log().find(({ message }) => message.includes('forced collection')),
  );
  expect(line).toMatchObject({
    before: { heapUsed: expect.any(Number), rss: expect.any(Number) },
    after: { heapUsed: expect.any(Number), rss: expect.any(Number) },
  });

  const { body } = await control.ask('POST', '/api/trades', await orderFor(control, 'recorded'));
  await tradeIn(control, (body as { id: string }).id, ['finalized']);
  const pools = await poolsOf(control);

  const children = childrenOf(executor.pid);
  expect(children).toHaveLength(1);
  executor.signal('SIGINT');
  expect(await executor.exited()).toEqual({ code: 0, signal: null });
  expect(await waitUntilGone(children[0] ?? 0, END_MS)).toBe(true);
  expect(existsSync(join(executor.directory, 'data/run.json'))).toBe(false);
  expect(executor.stderr).toBe('');

  const path = join(executor.directory, 'stream.rec');
  const report = await replayRecording({ path, clock: systemClock, pace: 'fast' });
  expect(report).toMatchObject({ dropped: 0, truncated: false, transactions: { total: 1, failed: 0 } });
  const final = ({
    pool,
    reserve0,
    reserve1,
    slot,
  }: (typeof report.pools)[number] | (typeof pools)[number]) => ({
    pool,
    reserve0: String(reserve0),
    reserve1: String(reserve1),
    slot,
  });
  expect(report.pools.map(final)).toEqual(pools.map(final));
  expect(report.pools.some(({ updates }) => updates > 1)).toBe(true);
  expect(report.slots.finalized).toBeGreaterThan(0);
});

it('Ctrl-C while the cluster is only starting leaves no process either', async () => {
  const executor = start(QUIET_CLUSTER);
  const child = await eventually('the child', () => childrenOf(executor.pid)[0]);
  executor.signal('SIGINT');
  expect(await executor.exited()).toEqual({ code: 0, signal: null });
  expect(await waitUntilGone(child, END_MS)).toBe(true);
  expect(executor.stderr).toBe('');
});
