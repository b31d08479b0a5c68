/** What the fuzzing looks at sees what is wrong: the ledger, the log, and whose an internal error is. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JournalTrade } from '../drill/evidence.js';
import { loggedFaults } from '../fuzz/afterwards.js';
import { judge } from '../fuzz/judge.js';
import { compareWithLedger, type LedgerStatus } from '../fuzz/ledger-comparison.js';

const OK = { err: null };
const FAILED = { err: 'x' };
const KEPT_FROM = 1_000;

const tradeOf = (id: string, state: string, lastValidBlockHeight = KEPT_FROM + 150): JournalTrade => ({
  id,
  clientOrderId: id,
  state,
  acceptedAtMs: lastValidBlockHeight,
  attempts: [{ number: 1, signature: id, lastValidBlockHeight }],
});

/** The comparison of trades with a ledger that has these signatures. */
function compared(trades: readonly JournalTrade[], has: Readonly<Record<string, LedgerStatus>>, most = 300) {
  const ledger = {
    statuses: async (signatures: readonly string[]) => signatures.map((signature) => has[signature] ?? null),
    keptFromHeight: async () => KEPT_FROM,
  };
  return compareWithLedger(trades, ledger, most);
}

describe('the journal beside the ledger', () => {
  it('fits where each end is on the ledger, and where the ledger may have pruned it', async () => {
    const trades = [
      tradeOf('a', 'finalized'),
      tradeOf('b', 'confirmed'),
      tradeOf('c', 'failed'),
      tradeOf('d', 'expired'),
      tradeOf('e', 'finalized', KEPT_FROM + 149),
      { ...tradeOf('f', 'denied'), attempts: [] },
    ];
    expect(await compared(trades, { a: OK, b: OK, c: FAILED })).toEqual([]);
  });

  it.each([
    ['finalized, which is not there', 'finalized', undefined],
    ['confirmed, which is not there', 'confirmed', undefined],
    ['failed, which is not there', 'failed', undefined],
    ['finalized, which has failed', 'finalized', FAILED],
    ['failed, which has landed', 'failed', OK],
    ['expired, which has landed', 'expired', OK],
  ])('finds a trade that is %s', async (_what, state, status) => {
    const has = { other: OK, ...(status === undefined ? {} : { one: status }) };
    const found = await compared([tradeOf('one', state), tradeOf('other', 'finalized')], has);
    expect(found).toEqual([expect.stringContaining(`trade one is ${state}`)]);
  });

  it('finds a trade that landed twice', async () => {
    const trade = tradeOf('one', 'finalized');
    const twice = { ...trade, attempts: [...trade.attempts, { ...trade.attempts[0]!, signature: 'two' }] };
    expect(await compared([twice], { one: OK, two: OK })).toHaveLength(1);
  });

  it('says where nothing at all could be compared', async () => {
    const old = tradeOf('old', 'finalized', KEPT_FROM);
    expect(await compared([old], {})).toEqual(['the ledger has none of 1 trades']);
    expect(await compared([], {})).toEqual(['the ledger has none of 0 trades']);
    expect(await compared([old, tradeOf('new', 'finalized')], { old: OK, new: OK }, 1)).toEqual([]);
  });
});

describe("the executor's log", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'hotslot-fuzz-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('has a fault where something impossible or unexpected was logged as an error', () => {
    const line = (level: string, message: string, more: object = {}) =>
      JSON.stringify({ timestamp: 't', level, message, ...more });
    const file = join(directory, 'log');
    const lines = [
      line('error', 'an attempt failed in sent', { kind: 'invariant' }),
      line('error', 'an unexpected fault'),
      line('error', 'alert firing'),
      line('error', 'a receiver of alerts failed'),
      line('warn', 'an attempt failed', { kind: 'builder' }),
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    expect(loggedFaults(file)).toEqual(lines.slice(0, 2));
  });
});

describe('an internal error of the cluster', () => {
  const post = (calls: unknown) => ({
    index: 1,
    kind: Array.isArray(calls) ? 'batch' : 'call',
    bytes: Buffer.from(`POST / HTTP/1.1\r\nHost: x\r\n\r\n${JSON.stringify(calls)}`),
  });
  const call = (method: string, id: unknown) => ({ jsonrpc: '2.0', id, method, params: [] });
  const fault = (id: unknown) => ({
    jsonrpc: '2.0',
    error: { code: -32603, message: 'Internal error' },
    id,
  });
  const verdict = (asked: unknown, answered: unknown) =>
    judge('rpc', post(asked), { type: 'http', status: 200, body: JSON.stringify(answered) }).fault;

  it('is passed over where an airdrop is answered with it, alone or in a batch', () => {
    expect(verdict(call('requestAirdrop', 7), fault(7))).toBeUndefined();
    expect(verdict(call('requestAirdrop', { odd: 1 }), fault(null))).toBeUndefined();
    const batch = [call('getSlot', 1), call('requestAirdrop', 2), call('requestAirdrop', 'x"y')];
    const answers = [{ jsonrpc: '2.0', result: 1, id: 1 }, fault(2), fault('x"y')];
    expect(verdict(batch, answers)).toBeUndefined();
  });

  it('is found where any other call is answered with it, in a batch too', () => {
    expect(verdict(call('getSlot', 7), fault(7))).toBeTypeOf('string');
    const batch = [call('getSlot', 1), call('requestAirdrop', 2)];
    expect(verdict(batch, [fault(1), fault(2)])).toBeTypeOf('string');
    expect(verdict('[no JSON', fault(null))).toBeTypeOf('string');
  });
});
