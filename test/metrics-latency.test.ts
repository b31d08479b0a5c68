/** Which lane, venue or wallet is slow is asked when one of them is: each figure must be of its own trades. */
import { describe, expect, it } from 'vitest';
import { LatencyRecorder } from '../src/metrics/latency.js';
import { MAX_MEMBERS, OTHERS } from '../src/metrics/latency-breakdown.js';
import { asAddress, asSignature } from '../src/model/brands.js';
import type { Trade } from '../src/model/trade.js';
import type { SendReport } from '../src/send/types.js';

function tradeOf(wallet: string, signature: string, times: Partial<Trade['times']>): Trade {
  return {
    wallet: asAddress(wallet),
    pool: asAddress('pool'),
    attempts: [{ signature: asSignature(signature) }],
    times: { receivedAtMs: 0, ...times },
    outcome: { slotDelta: 1 },
  } as unknown as Trade;
}

const answerOf = (signature: string, lane: string, ackUs: number, outcome: SendReport['outcome']) => ({
  signature: asSignature(signature),
  lane,
  ackUs,
  outcome,
  sentAtMs: 0,
});

const recorderOf = () =>
  new LatencyRecorder({
    venueOf: () => 'raydium-cpmm',
    walletName: (wallet) => (wallet === 'w1' ? 'trading-key-1' : undefined),
  });

const SENT = { validatedUs: 10, queuedUs: 20, lockedUs: 1_020, signedUs: 1_050, sentUs: 1_100 };

describe('latencies by venue, lane and wallet', () => {
  it('leave the wait for locks out, name wallets, and go to the lane that answered first', () => {
    const recorder = recorderOf();
    recorder.recordSent(tradeOf('w1', 's1', SENT));
    recorder.recordReport(answerOf('s1', 'rpc:slow', 100, 'timeout'));
    recorder.recordReport(answerOf('s1', 'rpc:a', 300, 'acknowledged'));
    recorder.recordReport(answerOf('s1', 'rpc:b', 500, 'alreadyProcessed'));
    recorder.recordReached(tradeOf('w1', 's1', { ...SENT, confirmedUs: 900_000 }), 'confirmed');
    const { by } = recorder.snapshot();
    expect(Object.keys(by.lane)).toEqual(['rpc:a', 'rpc:b']);
    expect(by.lane['rpc:a']?.ack?.p50).toBeCloseTo(300, -1);
    expect(by.lane['rpc:a']?.intentToConfirmed?.count).toBe(1);
    expect(by.lane['rpc:b']?.intentToConfirmed).toBeUndefined();
    expect(by.venue['raydium-cpmm']?.intentToWireNoWait?.p50).toBeCloseTo(100, -1);
    expect(by.wallet['trading-key-1']?.intentToConfirmed?.max).toBeCloseTo(900_000, -5);
  });

  it('are told stage by stage too, each trade under its own venue, wallet and lane', () => {
    const recorder = recorderOf();
    const landed = { ...SENT, firstSeenUs: 200_000, processedUs: 201_000, confirmedUs: 900_000 };
    recorder.recordSent(tradeOf('w1', 's1', SENT));
    recorder.recordReport(answerOf('s1', 'rpc:a', 300, 'acknowledged'));
    recorder.recordReached(tradeOf('w1', 's1', landed), 'processed');
    recorder.recordReached(tradeOf('w1', 's1', landed), 'confirmed');
    recorder.recordReached(tradeOf('w1', 's1', { ...landed, finalizedUs: 9_900_000 }), 'finalized');
    recorder.recordSent(tradeOf('w2', 's2', { ...SENT, signedUs: 1_090 }));
    const reached = [
      'validated',
      'queued',
      'locked',
      'signed',
      'sent',
      'firstSeen',
      'processed',
      'confirmed',
      'finalized',
    ];
    const ofWallet = recorder.stagesOf('wallet', 'trading-key-1');
    expect(Object.keys(ofWallet ?? {})).toEqual(reached);
    expect(ofWallet?.signed?.max).toBeCloseTo(30, 0);
    expect(recorder.stagesOf('wallet', 'w2')?.signed?.max).toBeCloseTo(70, 0);
    expect(recorder.stagesOf('venue', 'raydium-cpmm')?.signed?.count).toBe(2);
    const ofLane = recorder.stagesOf('lane', 'rpc:a');
    expect(Object.keys(ofLane ?? {})).toEqual(reached);
    expect(ofLane?.finalized?.max).toBeCloseTo(9_000_000, -6);
    expect(ofLane?.finalized?.count).toBe(1);
    expect(recorder.stagesOf('lane', 'rpc:b')).toBeUndefined();
    expect(recorder.members('lane')).toEqual(['rpc:a']);
  });

  it('are bounded: what comes past the bound shares one row', () => {
    const recorder = recorderOf();
    for (let wallet = 0; wallet < MAX_MEMBERS + 5; wallet++)
      recorder.recordSent(tradeOf(`w${wallet + 10}`, `s${wallet}`, SENT));
    const { wallet } = recorder.snapshot().by;
    expect(Object.keys(wallet)).toHaveLength(MAX_MEMBERS + 1);
    expect(wallet[OTHERS]?.intentToWireNoWait?.count).toBe(5);
  });
});

describe('an interval', () => {
  it('has what came since the last one, while the totals go on', () => {
    const recorder = recorderOf();
    recorder.recordSent(tradeOf('w1', 's1', SENT));
    const first = new Map(recorder.takeInterval());
    recorder.recordSent(tradeOf('w1', 's2', SENT));
    recorder.recordSent(tradeOf('w1', 's3', SENT));
    const second = new Map(recorder.takeInterval());
    expect(first.get('intentToWire')?.totalCount).toBe(1);
    expect(second.get('intentToWire')?.totalCount).toBe(2);
    expect(second.get('intentToWireNoWait.wallet=trading-key-1')?.totalCount).toBe(2);
    expect(recorder.takeInterval()).toEqual([]);
    expect(recorder.snapshot().spansUs.intentToWire.count).toBe(3);
  });
});

describe('a trade of an earlier life', () => {
  // Ninety trades that were confirmed and not final when the process ended once made the time to `finalized` 0.2 ms.
  it('is in no duration, for a restart lies between its stages, and in the slot delta, which needs no clock', () => {
    const recorder = recorderOf();
    recorder.recordReport(answerOf('s1', 'rpc:a', 300, 'acknowledged'));
    const landed = {
      sentUs: 7_000_000,
      firstSeenUs: 7_000_100,
      processedUs: 7_000_110,
      confirmedUs: 7_000_200,
    };
    recorder.recordSent(tradeOf('w1', 's1', landed));
    recorder.recordReached(tradeOf('w1', 's1', landed), 'processed');
    recorder.recordReached(tradeOf('w1', 's1', landed), 'confirmed');
    recorder.recordReached(tradeOf('w1', 's1', { ...landed, finalizedUs: 7_000_400 }), 'finalized');
    const { stagesUs, spansUs, slotDelta } = recorder.snapshot();
    const counts = [...Object.values(stagesUs), ...Object.values(spansUs)].map(({ count }) => count);
    expect(counts.reduce((sum, count) => sum + count)).toBe(0);
    expect(recorder.stagesOf('lane', 'rpc:a')).toEqual({});
    expect(slotDelta.count).toBe(1);
  });
});
