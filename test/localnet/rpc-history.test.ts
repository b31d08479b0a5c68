/** Blocks that are missing for different reasons, and what subscribers hear when a fork is lost. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EngineClient } from '../../localnet/ledger/types.js';
import { type RpcOptions, type RunningRpc, startRpc } from '../../localnet/rpc/server.js';
import { Publisher } from '../../localnet/rpc/subscriptions/publisher.js';
import { TopicRegistry } from '../../localnet/rpc/subscriptions/registry.js';
import type { TopicKind } from '../../localnet/rpc/subscriptions/topic.js';
import { account, addressOf, Driver, newLedger } from './ledger-events.js';
import { post } from './rpc-cluster.js';

const unused = () => {
  throw new Error('reads do not need the engine');
};
const engine: EngineClient = {
  submit: unused,
  simulate: unused,
  airdrop: unused,
  setAccount: unused,
  conditions: unused,
  setConditions: unused,
  step: unused,
};

describe('blocks', () => {
  let rpc: RunningRpc | undefined;
  afterEach(() => rpc?.close());

  async function serve(driver: Driver, options: Partial<RpcOptions> = {}) {
    const { ledger, feed } = driver.running;
    const server = await startRpc({
      ledger,
      feed,
      engine,
      host: '127.0.0.1',
      rpcPort: 0,
      wsPort: 0,
      ...options,
    });
    rpc = server;
    return async (method: string, ...params: unknown[]) => {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
      const response = await post(`http://127.0.0.1:${server.rpcPort}`, body);
      const { result, error } = (await response.json()) as { result?: unknown; error?: { code: number } };
      return error ?? result;
    };
  }

  /** Slots 1 to 60 without slot 5 and slot 58. */
  function withGaps(driver: Driver): void {
    driver.empty(1, 4);
    driver.open(6, 4);
    driver.freeze(6, 4);
    driver.empty(7, 57);
    driver.open(59, 57);
    driver.freeze(59, 57);
    driver.open(60, 59);
    driver.freeze(60, 59);
    driver.status(58, 'confirmed');
  }

  it('say why they are missing', async () => {
    const driver = new Driver(newLedger());
    withGaps(driver);
    const call = await serve(driver);
    const confirmed = { commitment: 'confirmed', transactionDetails: 'none' };
    expect(await call('getBlock', 6)).toMatchObject({ parentSlot: 4, blockHeight: 5, transactions: [] });
    expect(await call('getBlock', 5)).toEqual({
      code: -32007,
      message: 'Slot 5 was skipped, or missing due to ledger jump to recent snapshot',
    });
    expect(await call('getBlock', 55)).toEqual({ code: -32004, message: 'Block not available for slot 55' });
    expect(await call('getBlock', 55, confirmed)).toMatchObject({ parentSlot: 54 });
    expect(await call('getBlock', 58, confirmed)).toMatchObject({ code: -32004 });
    expect(await call('getBlock', 60, confirmed)).toMatchObject({ code: -32004 });
    expect(await call('getBlock', 6, { commitment: 'processed' })).toMatchObject({
      code: -32602,
      message: 'Method does not support commitment below `confirmed`',
    });
    expect(await call('getBlockTime', 6)).toBe(1_700_000_006);
    expect(await call('getBlockTime', 5)).toMatchObject({ code: -32007 });
    expect(await call('getBlocks', 3, 8)).toEqual([3, 4, 6, 7, 8]);
    expect(await call('getBlocksWithLimit', 3, 3)).toEqual([3, 4, 6]);
    expect(await call('getBlocks', 0, 500_001)).toEqual(expect.any(Array));
    expect(await call('getBlocksWithLimit', 0, 500_001)).toMatchObject({
      message: 'Limit too large; max 500000',
    });
    expect(await call('getBlocks', 9, 3)).toEqual([]);
  });

  it.each([
    [false, -32001, 'Block 1 cleaned up, does not exist on node. First available block: '],
    [true, -32009, 'Slot 1 was skipped, or missing in long-term storage'],
  ])('that were pruned are told with long-term storage %s by %i', async (longTermStorage, code, message) => {
    const driver = new Driver(newLedger([], { slotsMax: 200 }));
    driver.empty(1, 500);
    const call = await serve(driver, { longTermStorage });
    const first = (await call('getFirstAvailableBlock')) as number;
    expect(first).toBeGreaterThan(1);
    expect(await call('getBlock', 1)).toMatchObject({ code, message: expect.stringContaining(message) });
    expect(await call('getBlock', first, { transactionDetails: 'none' })).toMatchObject({
      parentSlot: first - 1,
    });
  });
});

describe('a lost fork', () => {
  let driver: Driver;
  let heard: { readonly id: number; readonly result: Record<string, unknown> }[];
  let topics: TopicRegistry;
  const wallet = addressOf(1);
  beforeEach(() => {
    driver = new Driver(newLedger([{ address: wallet, account: account(10n) }]));
    topics = new TopicRegistry();
    heard = [];
    const publisher = new Publisher(driver.running.ledger, topics);
    driver.running.feed.subscribe((event) => publisher.onEvent(event));
  });

  function listen(kind: TopicKind): number {
    const subscriber = {
      send: (text: string) => {
        const { params } = JSON.parse(text);
        heard.push({ id: params.subscription, result: params.result });
      },
      forget: () => undefined,
    };
    return topics.subscribe(JSON.stringify(kind), kind, subscriber).id;
  }

  const format = { encoding: 'base64', dataSlice: undefined } as const;
  const resultsOf = (id: number) => heard.filter((one) => one.id === id).map(({ result }) => result);

  it('is heard of at processed only, and its accounts are told again as they are without it', () => {
    driver.empty(1, 3);
    const atProcessed = listen({ name: 'account', address: wallet, commitment: 'processed', format });
    const atConfirmed = listen({ name: 'account', address: wallet, commitment: 'confirmed', format });
    driver.open(4, 3);
    driver.transaction(4, 0, 'lost', [wallet], [{ address: wallet, account: account(99n) }]);
    driver.freeze(4, 3, 1);
    expect(resultsOf(atProcessed)).toMatchObject([{ context: { slot: 4 }, value: { lamports: 99 } }]);

    driver.apply({ type: 'rollback', slots: [4] });
    driver.open(5, 3);
    driver.freeze(5, 3);
    expect(resultsOf(atProcessed)[1]).toMatchObject({ context: { slot: 5 }, value: { lamports: 10 } });
    driver.status(5, 'confirmed');
    expect(
      resultsOf(atConfirmed).every((result) => (result.value as { lamports: number }).lamports === 10),
    ).toBe(true);
  });

  it('does not confirm what landed on it', () => {
    const id = listen({ name: 'signature', signature: 'lost', commitment: 'confirmed', received: false });
    driver.empty(1, 3);
    driver.open(4, 3);
    driver.transaction(4, 0, 'lost', [wallet], []);
    driver.freeze(4, 3, 1);
    driver.apply({ type: 'rollback', slots: [4] });
    driver.open(5, 3);
    driver.freeze(5, 3);
    driver.status(5, 'confirmed');
    expect(resultsOf(id)).toEqual([]);
    driver.open(6, 5);
    driver.transaction(6, 0, 'lost', [wallet], []);
    driver.freeze(6, 5, 1);
    driver.status(6, 'confirmed');
    expect(resultsOf(id)).toMatchObject([{ context: { slot: 6 }, value: { err: null } }]);
  });

  it('an ancestor whose own confirmation was never announced is told with its child', () => {
    const id = listen({ name: 'signature', signature: 'one', commitment: 'confirmed', received: false });
    driver.empty(1, 3);
    driver.open(4, 3);
    driver.transaction(4, 0, 'one', [wallet], []);
    driver.freeze(4, 3, 1);
    driver.open(5, 4);
    driver.freeze(5, 4);
    driver.status(5, 'confirmed');
    expect(resultsOf(id)).toMatchObject([{ context: { slot: 4 } }]);
  });
});
