/**
 * A disk that loses one record of a journal, under a real executor on a real cluster: the trade whose attempt is lost
 * looks as if it had never been signed, and has landed. It must be told so, and must not be signed again.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { HEADER_BYTES, readSegment } from '../src/journal/record-codec.js';
import {
  ExecutorUnderTest,
  eventually,
  orderFor,
  problemOf,
  QUIET_CLUSTER,
  scratchDirectory,
  TERMINAL,
  tradeIn,
} from './support/executor-under-test.js';

const SETTINGS = {
  ...QUIET_CLUSTER,
  LOCALNET_ARGS: QUIET_CLUSTER.LOCALNET_ARGS.replace('--slot-ms 50', '--slot-ms 20'),
  MAX_POOL_AGE_SLOTS: '150',
  MAX_BLOCKHASH_AGE_SLOTS: '120',
};
const FIRST = { wallet: 'trading-key-1' };
const SECOND = { wallet: 'trading-key-2' };

const directory = scratchDirectory();
let executor: ExecutorUnderTest;
afterAll(() => executor.dispose());

/** Damages the attempt of a trade; its intent and its states stay sound. */
function loseAttemptOf(id: string): void {
  const journal = join(directory, 'data/journal');
  for (const name of readdirSync(journal).filter((one) => one.endsWith('.log'))) {
    const bytes = readFileSync(join(journal, name));
    for (const stretch of readSegment(bytes)) {
      if (stretch.kind !== 'record' || stretch.record.kind !== 'attempt') continue;
      if (stretch.record.tradeId !== id) continue;
      bytes[stretch.offset + HEADER_BYTES + 4]! ^= 0xff;
      writeFileSync(join(journal, name), bytes);
      return;
    }
  }
  throw new Error(`no attempt of ${id} is in the journal`);
}

it('an attempt that the journal lost is found on the chain, and its wallet waits for that alone', async () => {
  executor = new ExecutorUnderTest(SETTINGS, directory);
  let control = await executor.ready();
  const submit = async (name: string, wallet: object) => {
    const order = { ...(await orderFor(control, name)), ...wallet };
    return control.ask('POST', '/api/trades', order);
  };
  const { body } = await submit('lost', FIRST);
  const { id } = body as { id: string };
  const before = await tradeIn(control, id, ['finalized']);
  executor.signal('SIGKILL');
  await executor.exited();
  loseAttemptOf(id);

  executor = new ExecutorUnderTest(SETTINGS, directory);
  control = await executor.ready();
  expect((await tradeIn(control, id, ['queued'])).attempts).toEqual([]);
  expect(problemOf(await submit('held', FIRST))).toMatchObject({ status: 503, code: 'RECONCILING' });
  const other = (await submit('other', SECOND)) as { status: number; body: { id: string } };
  expect(other.status).toBe(202);
  await tradeIn(control, other.body.id, ['finalized']);

  const after = await tradeIn(control, id, TERMINAL);
  expect([after.state, after.attempts.map(({ signature }) => signature)]).toEqual([
    'finalized',
    before.attempts.map(({ signature }) => signature),
  ]);
  const freed = await eventually('the wallet', async () => {
    const answer = await submit('freed', FIRST);
    return answer.status === 202 ? (answer.body as { id: string }) : undefined;
  });
  await tradeIn(control, freed.id, ['finalized']);
});
