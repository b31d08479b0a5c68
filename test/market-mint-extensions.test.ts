/** What may be done with a Token-2022 mint is in its extensions: each is told, and the dangerous ones as problems. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extensionsOf } from '../src/market/mint-extensions.js';
import { decodeMint } from '../src/market/mint-layout.js';
import { base58OfFixed } from '../src/model/base58.js';

const key = (fill: number) => Buffer.alloc(32, fill);
const addressOf = (fill: number) => base58OfFixed(key(fill), 0, 32);
const NOBODY = Buffer.alloc(32);

type Extension = readonly [type: number, value: Uint8Array];

/** A mint's account with these extensions. */
function mintWith(...extensions: readonly Extension[]): Buffer {
  const head = Buffer.alloc(166);
  head[44] = 6;
  head[45] = 1;
  head[165] = 1;
  const list = extensions.map(([type, value]) => {
    const tlv = Buffer.alloc(4 + value.length);
    tlv.writeUInt16LE(type, 0);
    tlv.writeUInt16LE(value.length, 2);
    tlv.set(value, 4);
    return tlv;
  });
  return Buffer.concat([head, ...list]);
}

function transferFee(authority: Buffer): Buffer {
  const value = Buffer.alloc(108);
  value.set(authority, 0);
  value.set(key(8), 32);
  for (const [offset, epoch, most, bps] of [
    [72, 0n, 500n, 100],
    [90, 7n, 900n, 250],
  ] as const) {
    value.writeBigUInt64LE(epoch, offset);
    value.writeBigUInt64LE(most, offset + 8);
    value.writeUInt16LE(bps, offset + 16);
  }
  return value;
}

describe('the extensions of a mint', () => {
  it('say who may change the transfer fee, and from when on it is what', () => {
    expect(extensionsOf(mintWith([1, transferFee(key(9))]))).toEqual([
      {
        name: 'transferFeeConfig',
        authority: addressOf(9),
        detail: `2.5%, at most 900 from epoch 7 on, before 1%, at most 500; withdrawn by ${addressOf(8)}`,
        warning: 'Its transfer fee can be changed.',
      },
    ]);
    expect(extensionsOf(mintWith([1, transferFee(NOBODY)]))[0]).not.toHaveProperty('warning');
  });

  it('are a problem where tokens can be taken, held back, or not moved at all', () => {
    const problems = (...given: readonly Extension[]) =>
      extensionsOf(mintWith(...given)).map(({ problem }) => problem);
    expect(
      problems(
        [6, Buffer.of(2)],
        [9, Buffer.alloc(0)],
        [12, key(3)],
        [14, Buffer.concat([NOBODY, key(4)])],
        [26, Buffer.concat([key(5), Buffer.of(1)])],
      ),
    ).toEqual([
      'New accounts of it begin frozen.',
      'Its tokens cannot be transferred.',
      `${addressOf(3)} can move or burn anybody's tokens of it.`,
      `Each transfer calls the program ${addressOf(4)}.`,
      'Its transfers are paused.',
    ]);
    const harmless = [
      [6, Buffer.of(1)],
      [12, NOBODY],
      [14, Buffer.concat([key(3), NOBODY])],
      [26, Buffer.concat([key(5), Buffer.of(0)])],
    ] as const;
    expect(problems(...harmless)).toEqual([undefined, undefined, undefined, undefined]);
    expect(extensionsOf(mintWith(...harmless)).map(({ warning }) => warning)).toEqual([
      undefined,
      undefined,
      'A transfer hook can be set.',
      'Its transfers can be paused.',
    ]);
  });

  it('have a name though they are unknown, too short or cut off', () => {
    expect(extensionsOf(mintWith([4_711, Buffer.alloc(3)], [14, Buffer.alloc(5)]))).toEqual([
      { name: 'extension 4711' },
      { name: 'transferHook' },
    ]);
    const cut = mintWith([12, key(3)]).subarray(0, 180);
    expect(extensionsOf(cut)).toEqual([{ name: 'permanentDelegate' }]);
  });

  it('are read from any bytes without a fault', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), (bytes) => {
        const mint = Buffer.concat([mintWith(), bytes]);
        expect(extensionsOf(mint).length).toBeLessThanOrEqual(64);
        expect(decodeMint(mint)).toMatchObject({ decimals: 6 });
      }),
      { seed: 11, numRuns: 500 },
    );
  });
});
