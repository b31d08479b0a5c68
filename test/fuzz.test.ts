/** The short form of the fuzzing, and what its own parts promise: messages that replay, and a judge that sees. */
import { describe, expect, it } from 'vitest';
import { seeded } from '../drill/seeded.js';
import { adminRequest } from '../fuzz/admin-requests.js';
import { runFuzz } from '../fuzz/campaign.js';
import { Generator, MIX, planOf } from '../fuzz/generator.js';
import { judge } from '../fuzz/judge.js';
import { trendOf } from '../fuzz/memory-watch.js';
import { type Message, TARGETS } from '../fuzz/message.js';
import { fuzzSigner } from '../fuzz/signer.js';
import type { Surroundings } from '../fuzz/surroundings.js';
import { documentedRoutes } from '../src/docs/api-tables.js';

const TIMEOUT_MS = 300_000;
const MIB = 1024 * 1024;

it(
  'two thousand messages to every target find nothing',
  async () => {
    const result = await runFuzz({
      count: 2_000,
      seed: 'short',
      minutes: 4,
      keep: false,
      note: () => undefined,
    });
    expect(result.findings).toEqual([]);
    expect(result).toMatchObject({ sent: 2_000, cutShort: false, findingsTotal: 0 });
    expect(Object.keys(result.targets).sort()).toEqual([...TARGETS].sort());
    expect(result.tradeAfterwards).toMatch(/^(confirmed|finalized)$/);
  },
  TIMEOUT_MS,
);

describe('the messages', () => {
  const key = fuzzSigner('x').address;
  const around: Surroundings = {
    run: 'r',
    pools: [{ address: key, token0Mint: key, token1Mint: key }],
    mints: [key],
    lookupTables: [],
    wallets: [key],
    tokens: { admin: 'a', trade: 't', read: 'r' },
    signer: fuzzSigner('x'),
    recentBlockhash: () => key,
    knownSignature: () => '1'.repeat(64),
    currentSlot: () => 1_000,
  };

  it('are the same again for a seed and an index, and others for another seed', () => {
    const make = (seed: string) => {
      const generator = new Generator(seed, around);
      return TARGETS.flatMap((target) =>
        Array.from({ length: 50 }, (_, index) => generator.message(target, index).bytes.toString('latin1')),
      );
    };
    expect(make('a')).toEqual(make('a'));
    expect(make('b')).not.toEqual(make('a'));
    expect(planOf('a', 1_000)).toEqual(planOf('a', 2_000).subarray(0, 1_000));
  });

  it('are shared out by the mix that is told', () => {
    expect(Object.values(MIX).reduce((sum, part) => sum + part, 0)).toBe(1_000);
  });

  it('are aimed at every route of the control plane', () => {
    const generator = new Generator('routes', around);
    const kinds = new Set(
      Array.from({ length: 20_000 }, (_, index) => generator.message('control', index).kind),
    );
    const known = documentedRoutes().map(({ method, path }) => `${method} ${path.replace(/:\w+/, ':id')}`);
    expect(known.filter((route) => !kinds.has(route))).toEqual([]);
  });
});

describe('requests to the admin routes', () => {
  const REFUSED = ['-1', '"on"', '""', 'null', '[]', '{}', '[0.5]', '1e999', '-1e999', '1e300'];
  /** Undefined where a body is no JSON, which must be refused too. */
  const valueIn = (body: string): string | undefined => {
    try {
      JSON.parse(body);
    } catch {
      return undefined;
    }
    return /^\{"[^"]+":(.*)\}$/s.exec(body)?.[1] ?? body;
  };

  it('never change the weather, for a stopped cluster would pass for a quiet one', () => {
    const random = seeded('weather', 'admin');
    const bodies = Array.from({ length: 200_000 }, (_, index) => adminRequest(random, index))
      .filter(({ kind }) => /^P\w+ \/(chaos|conditions|market|step)$/.test(kind))
      .map(({ bytes }) => bytes.toString('utf8').split('\r\n\r\n').slice(1).join('\r\n\r\n'));
    expect(bodies.length).toBeGreaterThan(10_000);
    const taken = bodies.filter((body) => !REFUSED.includes(valueIn(body) ?? 'null'));
    expect(taken).toEqual([]);
  });
});

describe('the judge', () => {
  const message = (more: Partial<Message> = {}): Message => ({
    index: 1,
    kind: 'POST /api/trades',
    bytes: Buffer.alloc(0),
    ...more,
  });
  const http = (status: number, body: string) => ({ type: 'http', status, body }) as const;

  it.each([
    ['a fault without a code', 'control', http(500, 'oops')],
    ['our own word for an unexpected fault', 'control', http(500, '{"code":"WORKER_FAILED"}')],
    ['a code under a status that is not its own', 'control', http(503, '{"code":"QUEUE_FULL"}')],
    ['a fault of the cluster', 'rpc', http(200, '{"jsonrpc":"2.0","error":{"code":-32603}}')],
    ['a 500 of the admin routes', 'admin', http(500, '{}')],
    ['a connection that ended over a whole request', 'control', { type: 'closed' }],
    ['silence', 'pubsub', { type: 'silence' }],
    ['an unexpected fault in a frame', 'live', { type: 'frames', texts: ['{"code":"WORKER_FAILED"}'] }],
    ['a gRPC status that the interface does not have', 'grpc', { type: 'grpc', status: 15, http: 200 }],
  ] as const)('finds %s', (_name, target, outcome) => {
    expect(judge(target, message(), outcome).fault).toBeTypeOf('string');
  });

  it.each([
    ['a refusal with its code', 'control', http(429, '{"code":"QUEUE_FULL"}')],
    ['a stale pool, which is for the client to know', 'control', http(503, '{"code":"POOL_STALE"}')],
    ['a connection that ended over broken framing', 'controlRaw', { type: 'closed' }],
  ] as const)('lets pass %s', (_name, target, outcome) => {
    expect(judge(target, message(), outcome).fault).toBeUndefined();
  });
});

describe('the trend of memory', () => {
  const samples = (bytesAt: (place: number) => number) =>
    Array.from({ length: 60 }, (_, place) => ({ sent: place * 10_000, bytes: bytesAt(place) }));

  it('sees a leak of a kilobyte a message', () => {
    const trend = trendOf(samples((place) => 200 * MIB + place * 10_000 * 1024));
    expect(trend.slopeMiBPer100k).toBeCloseTo(97.7, 0);
    expect(trend.secondHalfMiB).toBeGreaterThan(200);
  });

  it('is not taken in by what is held for a moment, nor by the warming up', () => {
    const trend = trendOf(
      samples((place) => 200 * MIB + (place % 5 === 0 ? 300 * MIB : 0) + Math.min(place, 20) * MIB),
    );
    expect(Math.abs(trend.secondHalfMiB)).toBeLessThan(5);
    expect(trend.mostMiB).toBeGreaterThan(500);
  });
});
