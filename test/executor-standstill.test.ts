/**
 * A process that was stopped for seconds finds seconds of old slots in its buffers. It must not sign on them: what it
 * signs afterwards is signed at a slot that the cluster had lately, or it is denied as stale. And it trades on.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readLocalnetFile } from '../src/embedded/localnet-file.js';
import { readSegment } from '../src/journal/record-codec.js';
import {
  ExecutorUnderTest,
  eventually,
  orderFor,
  problemOf,
  QUIET_CLUSTER,
} from './support/executor-under-test.js';

const STOPPED_MS = 3_000;
/** MAX_STREAM_AGE_MS at 50 ms a slot, and as much again for the asking. */
const MOST_SLOTS_OLD = 72;
const ORDERS = 8;

const executor = new ExecutorUnderTest(QUIET_CLUSTER);
afterAll(() => executor.dispose());

async function clusterSlot(): Promise<number> {
  const { rpcUrl } = readLocalnetFile(join(executor.directory, 'data'))!.info;
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'getSlot',
    params: [{ commitment: 'processed' }],
  });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(rpcUrl, { method: 'POST', headers, body });
  return ((await answer.json()) as { result: number }).result;
}

function signedSlots(): number[] {
  const journal = join(executor.directory, 'data/journal');
  return readdirSync(journal)
    .filter((name) => name.endsWith('.log'))
    .flatMap((name) => [...readSegment(readFileSync(join(journal, name)))])
    .flatMap((one) =>
      one.kind === 'record' && one.record.kind === 'attempt' ? [one.record.signedSlot] : [],
    );
}

it('signs nothing on what lay in its buffers while it stood still, and trades on', async () => {
  const control = await executor.ready();
  const orders = await Promise.all(Array.from({ length: ORDERS }, (_, at) => orderFor(control, `old-${at}`)));
  executor.signal('SIGSTOP');
  // They wait in the socket, and are read together with the stream's old news.
  const answers = orders.map((order) => control.ask('POST', '/api/trades', order));
  await new Promise((resolve) => setTimeout(resolve, STOPPED_MS));
  const slotThen = await clusterSlot();
  executor.signal('SIGCONT');
  for (const answer of await Promise.all(answers)) {
    const { status, code } = problemOf(answer);
    expect([202, 503, 422]).toContain(status);
    if (status === 503) expect(code).toMatch(/STALE|NOT_READY/);
  }
  const next = await eventually('a trade that is taken', async () => {
    const answer = await control.ask(
      'POST',
      '/api/trades',
      await orderFor(control, `new-${performance.now()}`),
    );
    if (answer.status !== 202) return undefined;
    const { id } = answer.body as { id: string };
    const state = await eventually('its state', async () => {
      const { body } = await control.ask('GET', `/api/trades/${id}`);
      const { state: now } = body as { state: string };
      return ['finalized', 'failed', 'denied'].includes(now) ? now : undefined;
    });
    return state === 'finalized' ? id : undefined;
  });
  expect(next).toMatch(/^t/);
  for (const slot of signedSlots()) expect(slot).toBeGreaterThan(slotThen - MOST_SLOTS_OLD);
});
