/** What a running executor exports: promtool reads it, labels are few, and a scrape never holds the trades' thread. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALERTS } from '../src/alerts/alert-table.js';
import { ALERT_LOOK_MS } from '../src/alerts/alert-watch.js';
import type { ControlClient } from '../src/cli/control-client.js';
import { PROMETHEUS_TYPE } from '../src/control/metrics-routes.js';
import { STAGES } from '../src/metrics/latency.js';
import {
  ExecutorUnderTest,
  eventually,
  orderFor,
  QUIET_CLUSTER,
  tradeIn,
} from './support/executor-under-test.js';

let executor: ExecutorUnderTest;
let control: ControlClient;
let url: string;

beforeAll(async () => {
  executor = new ExecutorUnderTest(QUIET_CLUSTER);
  control = await executor.ready();
  url = control.url;
  const { body } = await control.ask('POST', '/api/trades', await orderFor(control, 'one'));
  await tradeIn(control, (body as { id: string }).id, ['confirmed', 'finalized']);
  const bad = { ...(await orderFor(control, 'two')), slippageBps: 5_000 };
  expect((await control.ask('POST', '/api/trades', bad)).status).toBe(422);
}, 60_000);

afterAll(() => executor.dispose());

async function scrape(): Promise<string> {
  const answer = await fetch(`${url}/metrics`);
  expect(answer.headers.get('content-type')).toBe(PROMETHEUS_TYPE);
  return answer.text();
}

const named = (text: string) => new Set([...text.matchAll(/^(hotslot_[a-z_]+)/gm)].map(([, name]) => name));

describe('GET /metrics', () => {
  it('is what promtool accepts, without a remark', async () => {
    const checked = spawnSync('promtool', ['check', 'metrics'], { input: await scrape(), encoding: 'utf8' });
    expect(checked.stderr + checked.stdout).toBe('');
    expect(checked.status).toBe(0);
  });

  it('has every figure that an alert watches, in the units of its rule', async () => {
    const text = await eventually('the first look', async () => {
      const found = await scrape();
      return found.includes('hotslot_queue_size 0') ? found : undefined;
    });
    expect(ALERT_LOOK_MS).toBe(1_000);
    const early = new Set([
      'hotslot_trade_success_ratio',
      'hotslot_slippage_ratio',
      'hotslot_event_loop_lag_seconds',
    ]);
    for (const { metric } of ALERTS) {
      expect(text).toContain(`# TYPE ${metric} gauge`);
      // One trade is no rate: the figure is absent, which no rule takes for 0.
      if (!early.has(metric)) expect(named(text), metric).toContain(metric);
    }
    for (const metric of ['hotslot_trade_success_ratio', 'hotslot_slippage_ratio'])
      expect(named(text), metric).not.toContain(metric);
    const ratio = Number(/^hotslot_memory_usage_ratio (\S+)$/m.exec(text)?.[1]);
    expect(ratio).toBeGreaterThan(0);
    expect(ratio).toBeLessThan(1);
  });

  it('has the stages of a trade in classic buckets that add up', async () => {
    const text = await scrape();
    const value = (line: string) => Number(new RegExp(`^${line} (\\S+)$`, 'm').exec(text)?.[1]);
    for (const [stage] of STAGES.filter(([name]) => name !== 'finalized' && name !== 'firstSeen')) {
      const count = value(`hotslot_stage_duration_seconds_count\\{stage="${stage}"\\}`);
      expect(count, stage).toBeGreaterThan(0);
      expect(value(`hotslot_stage_duration_seconds_bucket\\{stage="${stage}",le="\\+Inf"\\}`)).toBe(count);
    }
    expect(value('hotslot_span_duration_seconds_count\\{span="intentToConfirmed"\\}')).toBe(1);
    expect(text).toContain('hotslot_trade_errors_total{code="RISK_LIMIT"} 1');
    expect(text).toContain('hotslot_trades_total{state="confirmed"} 1');
  });

  it('has few lines, and none for a trade or a wallet', async () => {
    const text = await scrape();
    expect(text.split('\n').length).toBeLessThan(1_000);
    expect(text).not.toMatch(/trading-key|wallet=|signature=|trade="/);
  });

  it('is the same text for those who ask at once', async () => {
    const texts = await Promise.all(Array.from({ length: 8 }, scrape));
    for (const text of texts) expect(named(text).size).toBeGreaterThan(30);
  });
});

describe('GET /api/metrics', () => {
  it('gives what the book reads with jq: success, latencies, slippage, queue, concurrency, fees', async () => {
    const piped = spawnSync('sh', ['-c', `curl -s ${url}/api/metrics | jq '.trading'`], { encoding: 'utf8' });
    const trading = JSON.parse(piped.stdout);
    expect(trading).toMatchObject({
      successRate: 1,
      ratedTrades: 1,
      intentToWireUs: { count: 1 },
      intentToConfirmedMs: { count: 1 },
      slotDelta: { count: 1 },
      slippageBps: { realised: { count: 1 }, allowed: { count: 1 } },
      queue: { queued: 0 },
      concurrency: { mode: 'fixed', limit: 32 },
      fees: { transactions: 1, tipLamports: 0 },
      trades: { landed: 1, byState: { confirmed: 1 }, byErrorCode: { RISK_LIMIT: 1 } },
      throughput: { windowSeconds: 60 },
    });
    expect(trading.intentToConfirmedMs.p95).toBeGreaterThan(trading.intentToWireUs.p95 / 1_000);
    expect(trading.fees.totalLamports).toBe(trading.fees.baseLamports + trading.fees.priorityLamports);
    expect(trading.fees.baseLamports).toBe(5_000);
    // A quiet pool gives what it quoted.
    expect(trading.slippageBps.realised.mean).toBe(0);
  });
});

describe('the log', () => {
  it('has each trade with its duration as a number, its signature, state and stages', async () => {
    const line = await eventually('the line', () =>
      executor.log().find(({ message, state }) => message === 'trade_execution' && state === 'confirmed'),
    );
    expect(line).toMatchObject({ id: expect.any(String), signature: expect.any(String) });
    expect(line.duration).toBeGreaterThan(0);
    expect(line.stagesUs).toMatchObject({ sentUs: expect.any(Number), confirmedUs: expect.any(Number) });
  });
});
