/** Every stream and every RPC node has a check of its own; one that fails is no alarm while another carries on. */
import { expect, it, onTestFinished } from 'vitest';
import { Health } from '../src/executor/health.js';
import type { HealthFacts } from '../src/executor/health-findings.js';
import type { RpcHealth } from '../src/send/rpc-pool.js';
import type { EndpointStatus } from '../src/stream/stream-set.js';
import { wellFacts } from './support/health-facts.js';
import { ManualClock } from './support/manual-clock.js';

const stream = (name: string, fields: Partial<EndpointStatus> = {}): EndpointStatus => ({
  name,
  status: 'live',
  ageMs: 10,
  lagSlots: 0,
  lagMs: 0,
  isAccountSource: false,
  reconnects: 0,
  ...fields,
});

const node = (host: string, fields: Partial<RpcHealth> = {}): RpcHealth => ({
  host,
  meanMs: 5,
  failureShare: 0,
  calls: 9,
  lastOkAtMs: 1,
  isFailing: false,
  isForcedOpen: false,
  lastError: undefined,
  lagSlots: 0,
  ...fields,
});

function levels(fields: Partial<HealthFacts>): string[] {
  const facts = wellFacts({
    streams: [stream('one', { isAccountSource: true })],
    rpcs: [node('one')],
    ...fields,
  });
  const health = new Health(() => facts, new ManualClock());
  onTestFinished(() => health.close());
  const checks = health.checks().filter(({ name }) => /^(yellowstone|rpc|circuit)/.test(name));
  return [...checks.map(({ name, level }) => `${name} ${level}`), ...health.readiness().waitingFor];
}

const RPC_OK = 'rpc:one ok';
const CLOSED = 'circuitBreakers ok';

it('with all well every one is ok', () => {
  expect(levels({})).toEqual(['yellowstone:one ok', RPC_OK, CLOSED]);
});

it('what the wallets hold has to be known: until then a trade would be denied for funds that are there', () => {
  expect(levels({ walletsRead: false })).toEqual(['yellowstone:one ok', RPC_OK, CLOSED, 'wallets']);
});

it('a stream that is down, silent or behind is a warning while accounts come from another', () => {
  const streams = [
    stream('one', { status: 'down', ageMs: Number.POSITIVE_INFINITY }),
    stream('two', { ageMs: 1_801 }),
    stream('three', { lagSlots: 5 }),
    stream('four', { isAccountSource: true }),
  ];
  expect(levels({ streams })).toEqual([
    'yellowstone:one warn',
    'yellowstone:two warn',
    'yellowstone:three warn',
    'yellowstone:four ok',
    RPC_OK,
    CLOSED,
  ]);
});

it('a node that may not be asked carries no other, however well it was', () => {
  const shut = node('shut', { isForcedOpen: true });
  const streams = [stream('one', { isAccountSource: true })];
  expect(levels({ streams, rpcs: [shut, node('one', { failureShare: 1 })] }).slice(1, 3)).toEqual([
    'rpc:shut critical',
    'rpc:one critical',
  ]);
  expect(levels({ streams, rpcs: [shut, node('one')] }).slice(1, 3)).toEqual(['rpc:shut ok', RPC_OK]);
});

it('streams that are all down are critical, and trading waits', () => {
  const streams = [
    stream('one', { status: 'down', isAccountSource: true }),
    stream('two', { status: 'down' }),
  ];
  expect(levels({ streams })).toEqual([
    'yellowstone:one critical',
    'yellowstone:two critical',
    RPC_OK,
    CLOSED,
    'stream',
  ]);
});

it('a node that fails is a warning while another answers, else critical; one that lags is a warning', () => {
  const failing = node('two', { failureShare: 0.9 });
  expect(levels({ rpcs: [node('one'), failing] }).slice(1, 3)).toEqual([RPC_OK, 'rpc:two warn']);
  expect(levels({ rpcs: [failing] })[1]).toBe('rpc:two critical');
  expect(levels({ rpcs: [node('one', { lagSlots: 26 })] })[1]).toBe('rpc:one warn');
  expect(levels({ rpcs: [node('one', { lagSlots: 25 })] })[1]).toBe(RPC_OK);
});

it('an open breaker is a warning that names it', () => {
  expect(levels({ openBreakers: ['rpc:one'] }).at(-1)).toBe('circuitBreakers warn');
});

it('a queue that takes nothing yet is waited for: ready means that a trade would be taken', () => {
  expect(levels({ paused: 'The executor is warming up.' })).toEqual([
    'yellowstone:one ok',
    RPC_OK,
    CLOSED,
    'queue',
  ]);
});
