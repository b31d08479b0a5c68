/**
 * `auto` once followed the time to land: trades wait hundreds of milliseconds for their slot, which looked like a
 * queue, and the limit fell to 1 on a healthy cluster. It follows our own stages and the RPC's answer, nothing else.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { AdaptiveConcurrency } from '../src/executor/adaptive-concurrency.js';
import type { TradeEvent } from '../src/lifecycle/trade-desk.js';
import { asSignature } from '../src/model/brands.js';
import type { SendReport } from '../src/send/types.js';

class FakeScheduler {
  maxConcurrent = 32;
  runningCount = 32;
  setMaxConcurrent(limit: number): void {
    if (limit > 4096) throw new Error('out of range');
    this.maxConcurrent = limit;
  }
}

let scheduler: FakeScheduler;
let count = 0;

beforeEach(() => {
  scheduler = new FakeScheduler();
});

const signatureOf = (number: number) => asSignature(`signature-${number}`);

function sent(concurrency: AdaptiveConcurrency, stagesUs: number): ReturnType<typeof asSignature> {
  const signature = signatureOf(count++);
  const trade = { times: { lockedUs: 100, sentUs: 100 + stagesUs }, attempts: [{ signature }] };
  concurrency.onTrade({ trade, change: { state: 'sent' } } as unknown as TradeEvent);
  return signature;
}

function report(
  signature: SendReport['signature'],
  ackUs: number,
  outcome: SendReport['outcome'],
): SendReport {
  return { signature, lane: 'rpc:test', sentAtMs: 0, ackUs, outcome };
}

function feed(concurrency: AdaptiveConcurrency, trades: number, ackUs: number): void {
  for (let trade = 0; trade < trades; trade++) {
    concurrency.onReport(report(sent(concurrency, 200), ackUs, 'acknowledged'));
  }
}

describe('MAX_CONCURRENT_TRADES=auto', () => {
  it('grows while it is used up and nothing queues, and falls when the delay rises', () => {
    const concurrency = new AdaptiveConcurrency(scheduler, 'auto');
    feed(concurrency, 200, 300);
    const grown = scheduler.maxConcurrent;
    expect(grown).toBeGreaterThan(32);
    feed(concurrency, 200, 3_000);
    expect(scheduler.maxConcurrent).toBeLessThan(grown);
    expect(concurrency.status()).toEqual({
      mode: 'auto',
      limit: scheduler.maxConcurrent,
      leastDelayUs: 500,
    });
  });

  it('does not grow where nobody touches it', () => {
    scheduler.runningCount = 3;
    feed(new AdaptiveConcurrency(scheduler, 'auto'), 400, 300);
    expect(scheduler.maxConcurrent).toBe(32);
  });

  it('falls at once when a node refuses for overload', () => {
    const concurrency = new AdaptiveConcurrency(scheduler, 'auto');
    concurrency.onReport(report(sent(concurrency, 200), 300, 'refused'));
    expect(scheduler.maxConcurrent).toBe(25);
  });

  it('falls once for a burst that is refused, and again for what was sent under the lower limit', () => {
    const concurrency = new AdaptiveConcurrency(scheduler, 'auto');
    const burst = Array.from({ length: 32 }, () => sent(concurrency, 200));
    for (const signature of burst) concurrency.onReport(report(signature, 300, 'refused'));
    expect(scheduler.maxConcurrent).toBe(25);
    concurrency.onReport(report(sent(concurrency, 200), 300, 'timeout'));
    expect(scheduler.maxConcurrent).toBe(20);
  });

  it('does not fall for a second node that does not answer what the first one has taken', () => {
    const concurrency = new AdaptiveConcurrency(scheduler, 'auto');
    const signature = sent(concurrency, 200);
    concurrency.onReport(report(signature, 300, 'acknowledged'));
    concurrency.onReport(report(signature, 1_000_000, 'timeout'));
    expect(scheduler.maxConcurrent).toBe(32);
  });

  it('counts the first answer of an attempt and not those to its resends', () => {
    const concurrency = new AdaptiveConcurrency(scheduler, 'auto');
    const signature = sent(concurrency, 200);
    for (let answer = 0; answer < 200; answer++) {
      concurrency.onReport(report(signature, 300, 'alreadyProcessed'));
    }
    expect(concurrency.status()).toEqual({ mode: 'auto', limit: 32 });
  });
});

describe('a number set while running', () => {
  it('ends auto, whose samples move nothing any more, until auto is set again', () => {
    const concurrency = new AdaptiveConcurrency(scheduler, 'auto');
    concurrency.set(7);
    feed(concurrency, 400, 300);
    expect(concurrency.status()).toEqual({ mode: 'fixed', limit: 7 });
    concurrency.set('auto');
    feed(concurrency, 200, 300);
    expect(concurrency.status().mode).toBe('auto');
    expect(scheduler.maxConcurrent).toBeGreaterThan(7);
  });

  it('leaves everything as it was when it is refused', () => {
    const concurrency = new AdaptiveConcurrency(scheduler, 'auto');
    expect(() => concurrency.set(5_000)).toThrow();
    expect(concurrency.status().mode).toBe('auto');
  });
});
