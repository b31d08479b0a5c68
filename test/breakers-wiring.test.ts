/** What an open breaker does to reads, sends and streams, and how operators see and work the breakers. */
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Access } from '../src/control/access.js';
import { startControlServer } from '../src/control/control-server.js';
import type { Operations } from '../src/control/operations.js';
import { riskRoutes } from '../src/control/risk-routes.js';

import { HotslotError } from '../src/errors/hotslot-error.js';
import {
  breakerViews,
  laneGuard,
  nodeGuard,
  openBreakers,
  setBreakers,
  streamGuard,
} from '../src/executor/endpoint-breakers.js';
import type { Log } from '../src/logging/log.js';
import type { Signature } from '../src/model/brands.js';
import { type RpcCaller, RpcResponseError } from '../src/send/rpc-client.js';
import { RpcPool } from '../src/send/rpc-pool.js';
import { TransactionSender } from '../src/send/transaction-sender.js';
import { StreamSet } from '../src/stream/stream-set.js';
import { systemClock } from '../src/time/clock.js';
import { FakeLane } from './support/fake-lane.js';
import { WordSink } from './support/fake-stream.js';
import { ManualClock } from './support/manual-clock.js';
import { ScriptedStream } from './support/scripted-stream.js';

// Cockatiel reads Date.now() itself, so the clock is faked under it.
const clock = { ...systemClock, nowMs: () => Date.now() };
beforeEach(() => vi.useFakeTimers({ now: 1_700_000_000_000, toFake: ['Date', 'performance'] }));
afterEach(() => vi.useRealTimers());

const RPC = ['http://one:8899', 'http://two:8899'];
const HALF_OPEN_MS = 30_000;

function breakersOf(rpc = RPC, yellowstone: readonly string[] = ['http://one:10000', 'two:10000']) {
  const lines: string[] = [];
  const write = (message: string, fields?: { breaker?: string }) => {
    lines.push(`${fields?.breaker} ${message}`);
  };
  const log = { debug: write, info: write, warn: write, error: write } as Log;
  return { registry: openBreakers({ rpc, yellowstone }, clock, log), lines };
}

class FakeNode implements RpcCaller {
  readonly host: string;
  answer: (method: string) => Promise<unknown> = async () => 'answer';
  calls = 0;
  constructor(host: string) {
    this.host = host;
  }
  call(method: string): Promise<unknown> {
    this.calls++;
    return this.answer(method);
  }
}

const failing = async (): Promise<never> => {
  throw new HotslotError('RPC_FAILED');
};
/** Breakers count in promises of their own. */
const counted = () => new Promise((resolve) => setImmediate(resolve));

describe('reads', () => {
  function pool() {
    const breakers = breakersOf();
    const nodes = [new FakeNode('one:8899'), new FakeNode('two:8899')] as const;
    return { ...breakers, nodes, pool: new RpcPool(nodes, clock, nodeGuard(breakers.registry)) };
  }

  async function ask(from: RpcPool, times: number): Promise<void> {
    for (let index = 0; index < times; index++) {
      await from.call('getSlot', []).catch(() => undefined);
      await counted();
    }
  }

  it('leave a node alone whose breaker its failures opened, and try it again after 30 s', async () => {
    const { registry, nodes, pool: from, lines } = pool();
    nodes[0].answer = failing;
    for (let index = 0; index < 5; index++) {
      await from.call('getSlot', [], { host: 'one:8899' }).catch(() => undefined);
      await counted();
    }
    expect(registry.get('rpc:one:8899').state).toBe('open');
    expect(lines).toEqual(['rpc:one:8899 circuit breaker open']);
    const before = nodes[0].calls;
    nodes[1].answer = failing;
    await ask(from, 1);
    expect([nodes[0].calls, nodes[1].calls]).toEqual([before, 1]);
    vi.advanceTimersByTime(HALF_OPEN_MS);
    nodes[0].answer = async () => 'answer';
    await ask(from, 2);
    expect(nodes[0].calls).toBeGreaterThan(before);
    expect(registry.get('rpc:one:8899').state).toBe('closed');
  });

  it('open a breaker for slowness as for failures', async () => {
    const { registry, nodes, pool: from } = pool();
    nodes[0].answer = async () => {
      vi.advanceTimersByTime(1_001);
      return 'late';
    };
    for (let index = 0; index < 5; index++) {
      await from.call('getSlot', [], { host: 'one:8899' });
      await counted();
    }
    expect(registry.get('rpc:one:8899').state).toBe('open');
  });

  it('count an error of the request as an answer', async () => {
    const { registry, nodes, pool: from } = pool();
    nodes[0].answer = async () => {
      throw new RpcResponseError(-32602, 'invalid params', undefined);
    };
    for (let index = 0; index < 8; index++) {
      await expect(from.call('getSlot', [], { host: 'one:8899' })).rejects.toThrow('invalid params');
      await counted();
    }
    expect(registry.get('rpc:one:8899').status()).toMatchObject({ state: 'closed', failures: 0 });
  });

  it('ask all the same where failures opened every breaker, and never where a hand did', async () => {
    const { registry, nodes, pool: from } = pool();
    for (const node of nodes) node.answer = failing;
    await ask(from, 8);
    expect(registry.list().filter(({ state }) => state === 'open')).toHaveLength(2);
    nodes[1].answer = async () => 'answer';
    await expect(from.call('getSlot', [])).resolves.toEqual({ result: 'answer', host: 'two:8899' });
    setBreakers(registry, 'rpc:two:8899', 'open');
    await expect(from.call('getSlot', [])).rejects.toMatchObject({ code: 'RPC_FAILED' });
    setBreakers(registry, 'rpc:one:8899', 'open');
    await expect(from.call('getSlot', [])).rejects.toMatchObject({ code: 'BREAKER_OPEN' });
  });
});

describe('sends', () => {
  function sending(...names: string[]) {
    const breakers = breakersOf();
    const lanes = names.map((name) => new FakeLane(name));
    const clock = new ManualClock(Date.now());
    const sender = new TransactionSender({
      lanes,
      gate: { mayLeave: () => true },
      clock,
      blockMs: () => 400,
      guard: laneGuard(breakers.registry),
    });
    return { ...breakers, lanes, sender, clock };
  }
  const send = async (sender: TransactionSender, name: string) =>
    sender.start(name as Signature, Uint8Array.of(1));

  it('go by the other lanes while one is open, by hand or by failures', async () => {
    const { registry, lanes, sender } = sending('rpc:one:8899', 'rpc:two:8899');
    setBreakers(registry, 'one:8899', 'open');
    await send(sender, 'a');
    expect(lanes.map((lane) => lane.written.length)).toEqual([0, 1]);
    setBreakers(registry, 'one:8899', 'closed');
    for (let index = 0; index < 5; index++) laneGuard(registry).failed('rpc:two:8899', 1, 'timeout');
    await counted();
    await send(sender, 'b');
    expect(lanes.map((lane) => lane.written.length)).toEqual([1, 1]);
    sender.close();
  });

  it('use an open lane where failures opened all of them, and wait where a hand did', async () => {
    const { registry, lanes, sender, clock } = sending('rpc:one:8899');
    for (let index = 0; index < 5; index++) laneGuard(registry).failed('rpc:one:8899', 1, 'timeout');
    await counted();
    expect(registry.get('rpc:one:8899').state).toBe('open');
    await send(sender, 'a');
    expect(lanes[0]!.written).toHaveLength(1);
    lanes[0]!.answer('acknowledged');
    sender.stop('a' as Signature);
    setBreakers(registry, 'rpc:one:8899', 'open');
    let left = false;
    const sent = send(sender, 'b').then(() => {
      left = true;
    });
    clock.advance(1_000);
    await counted();
    expect([lanes[0]!.written.length, left]).toEqual([1, false]);
    setBreakers(registry, 'rpc:one:8899', 'closed');
    clock.advance(10);
    await sent;
    expect(lanes[0]!.written).toHaveLength(2);
    sender.close();
  });

  it('tell the breaker what came of them: being turned away is a failure, a verdict on the transaction is not', async () => {
    const { registry, lanes, sender } = sending('rpc:one:8899');
    const outcomes = [
      'acknowledged',
      'alreadyProcessed',
      'blockhashNotFound',
      'refused',
      'timeout',
      'error',
    ] as const;
    for (const outcome of outcomes) {
      await send(sender, outcome);
      lanes[0]!.answer(outcome);
      sender.stop(outcome as string as Signature);
      await counted();
    }
    expect(registry.get('rpc:one:8899').status()).toMatchObject({ successes: 3, failures: 3 });
    sender.close();
  });
});

describe('streams', () => {
  it('take accounts from another stream while one is open by hand', () => {
    const { registry } = breakersOf();
    const clock = new ManualClock(Date.now());
    const streams = [new ScriptedStream('one:10000'), new ScriptedStream('two:10000')] as const;
    const set = new StreamSet({ streams, clock, guard: streamGuard(registry) });
    set.start(new WordSink(), { accounts: [], wallets: [] });
    for (const stream of streams) stream.live(10);
    expect(setBreakers(registry, 'yellowstone:one:10000', 'open')).toBe(true);
    clock.advance(100);
    expect(streams[0].cuts).toEqual(['its circuit breaker was opened by hand']);
    expect(set.endpoints().map(({ isAccountSource }) => isAccountSource)).toEqual([false, true]);
    expect(set.mayConnect('one:10000')).toBe(false);
    setBreakers(registry, 'yellowstone:one:10000', 'closed');
    expect(set.mayConnect('one:10000')).toBe(true);
    set.close();
  });
});

describe('for operators', () => {
  it('the routes take names as they are listed, escaped, or without their prefix', async () => {
    vi.useRealTimers();
    const { registry } = breakersOf(['http://127.0.0.1:8899'], ['127.0.0.1:10000']);
    registry.for('jupiter');
    const operations = {
      breakers: () => breakerViews(registry),
      setBreaker: (name: string, state: 'open' | 'closed') => setBreakers(registry, name, state),
    } as unknown as Operations;
    const server = await startControlServer({
      host: '127.0.0.1',
      port: 0,
      portSetting: 'CONTROL_PORT',
      routes: riskRoutes(operations),
      access: new Access({ admin: undefined, trade: undefined, read: undefined, loopback: true }),
      clock,
      onUnexpected: (error) => {
        throw error;
      },
    });
    onTestFinished(() => server.close());
    const base = `http://127.0.0.1:${server.port}/api/circuit-breakers`;
    const states = async () => {
      const { breakers } = (await (await fetch(base)).json()) as { breakers: { state: string }[] };
      return breakers.map(({ state }) => state);
    };
    const post = async (path: string) => (await fetch(`${base}/${path}`, { method: 'POST' })).status;
    expect(await post('rpc:127.0.0.1:8899/open')).toBe(200);
    expect(await post('yellowstone%3A127.0.0.1%3A10000/open')).toBe(200);
    expect(await post('jupiter/open')).toBe(200);
    expect(await states()).toEqual(['forcedOpen', 'forcedOpen', 'forcedOpen']);
    expect(await post('127.0.0.1:8899/close')).toBe(200);
    expect(await post('127.0.0.1%3A10000/close')).toBe(200);
    expect(await states()).toEqual(['closed', 'closed', 'forcedOpen']);
    expect(await post('nobody/close')).toBe(404);
  });

  it('all are listed from the start, an endpoint that is named twice under two names', () => {
    const { registry } = breakersOf(RPC, ['http://y:1', 'y:1']);
    expect(breakerViews(registry).map(({ name, state }) => [name, state])).toEqual([
      ['rpc:one:8899', 'closed'],
      ['rpc:two:8899', 'closed'],
      ['yellowstone:y:1', 'closed'],
      ['yellowstone:y:1#2', 'closed'],
    ]);
  });

  it('a name works with and without its prefix, and an unknown one does not', () => {
    const { registry } = breakersOf(['http://127.0.0.1:8899'], ['127.0.0.1:10000']);
    registry.for('jupiter');
    expect(setBreakers(registry, 'jupiter', 'open')).toBe(true);
    expect(setBreakers(registry, '127.0.0.1:8899', 'open')).toBe(true);
    expect(setBreakers(registry, 'yellowstone:127.0.0.1:10000', 'open')).toBe(true);
    expect(setBreakers(registry, '8899', 'open')).toBe(false);
    expect(breakerViews(registry)).toMatchObject([
      { name: 'rpc:127.0.0.1:8899', state: 'forcedOpen', openedAtMs: 1_700_000_000_000 },
      { name: 'yellowstone:127.0.0.1:10000', state: 'forcedOpen' },
      { name: 'jupiter', state: 'forcedOpen' },
    ]);
    expect(setBreakers(registry, 'jupiter', 'closed')).toBe(true);
    expect(registry.get('jupiter').state).toBe('closed');
  });
});
