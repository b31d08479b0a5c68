/** Without a terminal the first line of a start once said `p50 0.0 µs`, before there was a trade to measure. */
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { showTerminal, type TerminalFacts } from '../src/embedded/terminal.js';
import { LatencyRecorder } from '../src/metrics/latency.js';
import { ManualClock } from './support/manual-clock.js';

it('tells a latency from the first trade on, and a dash before', () => {
  const none = new LatencyRecorder().snapshot();
  const some = { count: 1, p50: 120, p90: 120, p95: 450_000, p99: 450_000, max: 450_000 };
  const spansUs = { ...none.spansUs, intentToWire: some, intentToConfirmed: some };
  let latency = none;
  let killSwitch = 'off';
  const facts = (): TerminalFacts => ({
    slot: 1,
    blockHeight: 1,
    freshPools: 1,
    pools: 1,
    trades: { landed: 0, failed: 0, denied: 0, expired: 0, live: 0, queued: 0 },
    killSwitch,
    controlUrl: 'http://127.0.0.1:3000',
    latency,
    isReady: true,
    cluster: 'a test',
  });
  const output = new PassThrough().setEncoding('utf8');
  const clock = new ManualClock();
  const stop = showTerminal(facts, output, clock);
  expect(output.read()).toContain('live 0  intent→wire p50 –  intent→confirmed p95 –  http');
  latency = { ...none, spansUs };
  killSwitch = 'stop';
  clock.advance(5_000);
  expect(output.read()).toContain(
    'live 0  kill switch stop  intent→wire p50 120 µs  intent→confirmed p95 450 ms',
  );
  stop();
});
