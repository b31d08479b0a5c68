/**
 * What a client gets wrong is denied with a stable code, a sentence and the field, by a real executor process over
 * real HTTP, and leaves nothing behind.
 */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ControlClient } from '../src/cli/control-client.js';
import {
  ExecutorUnderTest,
  eventually,
  orderFor,
  problemOf,
  QUIET_CLUSTER,
  TERMINAL,
  tradeIn,
} from './support/executor-under-test.js';
import { jsonOf, runHotslot } from './support/run-hotslot.js';

const UNKNOWN_ADDRESS = 'Vote111111111111111111111111111111111111111';

let executor: ExecutorUnderTest;
let control: ControlClient;
beforeAll(async () => {
  executor = new ExecutorUnderTest(QUIET_CLUSTER);
  control = await executor.ready();
});
afterAll(() => executor.dispose());

/** Changes to a good order, and what the answer must be. */
const BAD: readonly [string, { readonly [field: string]: unknown }, number, string, string][] = [
  ['an unknown field', { colour: 'red' }, 400, 'INTENT_UNKNOWN_FIELD', 'colour'],
  ['a missing field', { amount: undefined }, 400, 'INTENT_FIELD_MISSING', 'amount'],
  ['a negative amount', { amount: '-1' }, 400, 'INTENT_FIELD_INVALID', 'amount'],
  ['a fractional amount', { amount: '1.5' }, 400, 'INTENT_FIELD_INVALID', 'amount'],
  ['an amount that is a number', { amount: 5 }, 400, 'INTENT_FIELD_INVALID', 'amount'],
  ['no amount at all', { amount: '0' }, 400, 'INTENT_FIELD_INVALID', 'amount'],
  ['an amount over u64', { amount: '18446744073709551616' }, 400, 'INTENT_FIELD_INVALID', 'amount'],
  ['slippage over 100%', { slippageBps: 10_001 }, 400, 'INTENT_FIELD_INVALID', 'slippageBps'],
  ['slippage below 0', { slippageBps: -1 }, 400, 'INTENT_FIELD_INVALID', 'slippageBps'],
  ['a mode that is none', { mode: 'exact' }, 400, 'INTENT_FIELD_INVALID', 'mode'],
  ['a limit of the other mode', { maxIn: '1' }, 400, 'INTENT_FIELD_INVALID', 'maxIn'],
  ['an order id with a space', { clientOrderId: 'a b' }, 400, 'INTENT_FIELD_INVALID', 'clientOrderId'],
  ['a mint that is no address', { inputMint: 'SOL' }, 400, 'INTENT_FIELD_INVALID', 'inputMint'],
  [
    'a mint that no pool trades',
    { inputMint: UNKNOWN_ADDRESS, pool: undefined },
    422,
    'MINT_UNKNOWN',
    'inputMint',
  ],
  ['a pool that is not configured', { pool: UNKNOWN_ADDRESS }, 422, 'POOL_UNKNOWN', 'pool'],
  ['a wallet that is not ours', { wallet: 'nobody' }, 422, 'WALLET_UNKNOWN', 'wallet'],
];

describe('a trade with', () => {
  it.each(BAD)('%s is denied', async (_what, change, status, code, field) => {
    const good = await orderFor(control, 'never-taken');
    const answer = problemOf(await control.ask('POST', '/api/trades', { ...good, ...change }));
    expect(answer).toMatchObject({ status, code, field });
    expect(answer.detail).toMatch(/^[A-Z].*\.$/s);
  });

  it('the same mint on both sides is denied', async () => {
    const good = (await orderFor(control, 'never-taken')) as { inputMint: string };
    const answer = await control.ask('POST', '/api/trades', { ...good, outputMint: good.inputMint });
    expect(problemOf(answer)).toMatchObject({ status: 400, code: 'SAME_MINT', field: 'outputMint' });
  });
});

describe('a body that', () => {
  const post = (body: string) =>
    fetch(`${control.url}/api/trades`, { method: 'POST', body }).then(async (response) => ({
      status: response.status,
      type: response.headers.get('content-type'),
      code: ((await response.json()) as { code: string }).code,
    }));

  it('is over 64 KiB is refused unread', async () => {
    const answer = await post(JSON.stringify({ clientOrderId: 'x'.repeat(64 * 1024) }));
    expect(answer).toEqual({ status: 413, type: 'application/problem+json', code: 'BODY_TOO_LARGE' });
  });

  it.each([
    ['is no JSON', '{"amount":'],
    ['is an array', '[]'],
    ['is empty', ''],
    ['is null', 'null'],
  ])('%s is refused', async (_what, body) => {
    expect(await post(body)).toMatchObject({ status: 400, code: 'INTENT_MALFORMED' });
  });
});

it('nothing of all that was queued, or is known', async () => {
  const { body: queue } = await control.ask('GET', '/api/queue/status');
  expect(queue).toMatchObject({ queued: 0, running: 0 });
  const { body: list } = await control.ask('GET', '/api/trades');
  expect(list).toEqual({ trades: [] });
});

it('an unknown trade and an unknown route are answered 404', async () => {
  const unknown = await control.ask('GET', '/api/trades/t0000000000000000000000000');
  expect(problemOf(unknown)).toMatchObject({ status: 404, code: 'TRADE_UNKNOWN' });
  expect(problemOf(await control.ask('GET', '/api/nothing'))).toMatchObject({
    status: 404,
    code: 'NOT_FOUND',
  });
});

it('a client order id gives its trade again for the same body, and 409 for another', async () => {
  const order = await orderFor(control, 'once');
  const first = await control.ask('POST', '/api/trades', order);
  expect(first.status).toBe(202);
  const { id } = first.body as { id: string };
  const again = await control.ask('POST', '/api/trades', order);
  expect(again).toMatchObject({ status: 202, body: { id } });
  const other = await control.ask('POST', '/api/trades', { ...order, amount: '1' });
  expect(problemOf(other)).toMatchObject({
    status: 409,
    code: 'CLIENT_ORDER_ID_REUSED',
    field: 'clientOrderId',
  });
  expect((await tradeIn(control, id, TERMINAL)).attempts).toHaveLength(1);
});

it('a dry run is done but for the send and ends as simulated', async () => {
  const { body } = await control.ask('POST', '/api/trades', {
    ...(await orderFor(control, 'dry')),
    dryRun: true,
  });
  const trade = await tradeIn(control, (body as { id: string }).id, TERMINAL);
  expect(trade.state).toBe('simulated');
  expect(trade.attempts).toEqual([]);
});

it('a dry run under a stop is judged by the limits of a real trade', async () => {
  const dry = { ...(await orderFor(control, 'dry-under-stop')), dryRun: true };
  await control.ask('POST', '/api/kill-switch');
  try {
    const tooWide = await control.ask('POST', '/api/trades', { ...dry, slippageBps: 1_001 });
    expect(problemOf(tooWide)).toMatchObject({ status: 422, code: 'RISK_LIMIT', field: 'slippageBps' });
    const { body } = await control.ask('POST', '/api/trades', dry);
    expect((await tradeIn(control, (body as { id: string }).id, TERMINAL)).state).toBe('simulated');
  } finally {
    await control.ask('POST', '/api/kill-switch', { active: false, reason: 'the test is over' });
  }
});

describe('a mint on the denylist', () => {
  const denylist = (...args: string[]) =>
    runHotslot(executor.directory, ['denylist', ...args, '--json'], { HOTSLOT_URL: control.url });

  it('is denied as soon as the command has put it there, and taken as soon as it is off', async () => {
    const order = (await orderFor(control, 'denied-mint')) as { outputMint: string };
    const added = await denylist('add', order.outputMint);
    expect([added.code, jsonOf(added)]).toMatchObject([
      0,
      { mints: [order.outputMint], executor: { deny: { mints: 1 }, fault: null } },
    ]);
    expect(problemOf(await control.ask('POST', '/api/trades', order))).toMatchObject({
      status: 422,
      code: 'MINT_DENIED',
      field: 'outputMint',
    });
    expect((await denylist('remove', order.outputMint)).code).toBe(0);
    expect((await control.ask('POST', '/api/trades', order)).status).toBe(202);
  });

  it('stays denied when the file turns bad, and the command says so', async () => {
    const path = join(executor.directory, 'data/denylist.txt');
    await denylist('add', UNKNOWN_ADDRESS);
    appendFileSync(path, 'not an address\n');
    const bad = await denylist('reload');
    expect([bad.code, jsonOf(bad)]).toMatchObject([
      1,
      { deny: { mints: 1 }, fault: expect.stringContaining('line 2') },
    ]);
    await eventually('the log', () =>
      executor.log().some(({ message }) => message.startsWith('a mint list cannot be read'))
        ? true
        : undefined,
    );
    const elsewhere = await runHotslot(executor.directory, ['denylist', 'reload'], {
      HOTSLOT_URL: control.url,
      DENYLIST_FILE: 'another.txt',
    });
    expect([elsewhere.code, elsewhere.stdout]).toEqual([1, expect.stringContaining('keeps what it had')]);
    writeFileSync(path, '');
    const other = await runHotslot(executor.directory, ['denylist', 'add', UNKNOWN_ADDRESS], {
      HOTSLOT_URL: control.url,
      DENYLIST_FILE: 'another.txt',
    });
    expect([other.code, other.stdout]).toEqual([1, expect.stringContaining('reads another file')]);
  });
});
