/**
 * SipHash-2-4 with 64-bit words kept as pairs of 32-bit numbers: BigInt would be ten times slower, and a cuckoo
 * filter hashes every account update twice.
 */

/** A 64-bit value as two unsigned 32-bit halves. */
export interface Word64 {
  readonly high: number;
  readonly low: number;
}

/** Working state: v0 low, v0 high, v1 low, v1 high, … */
const state = new Int32Array(8);

function addPair(target: number, source: number): void {
  const low = (state[target]! >>> 0) + (state[source]! >>> 0);
  state[target + 1] = (state[target + 1]! + state[source + 1]! + (low > 0xffffffff ? 1 : 0)) | 0;
  state[target] = low | 0;
}

function xorPair(target: number, source: number): void {
  state[target] = state[target]! ^ state[source]!;
  state[target + 1] = state[target + 1]! ^ state[source + 1]!;
}

/** Rotates left by 1 to 31 bits. */
function rotate(target: number, bits: number): void {
  const low = state[target]!;
  const high = state[target + 1]!;
  state[target] = (low << bits) | (high >>> (32 - bits));
  state[target + 1] = (high << bits) | (low >>> (32 - bits));
}

function swapHalves(target: number): void {
  const low = state[target]!;
  state[target] = state[target + 1]!;
  state[target + 1] = low;
}

const V0 = 0;
const V1 = 2;
const V2 = 4;
const V3 = 6;

function round(): void {
  addPair(V0, V1);
  rotate(V1, 13);
  xorPair(V1, V0);
  swapHalves(V0);
  addPair(V2, V3);
  rotate(V3, 16);
  xorPair(V3, V2);
  addPair(V0, V3);
  rotate(V3, 21);
  xorPair(V3, V0);
  addPair(V2, V1);
  rotate(V1, 17);
  xorPair(V1, V2);
  swapHalves(V2);
}

function absorb(low: number, high: number): void {
  state[V3] = state[V3]! ^ low;
  state[V3 + 1] = state[V3 + 1]! ^ high;
  round();
  round();
  state[V0] = state[V0]! ^ low;
  state[V0 + 1] = state[V0 + 1]! ^ high;
}

/** SipHash-2-4 of `bytes` under the key (k0, k1). */
export function sipHash24(k0: Word64, k1: Word64, bytes: Uint8Array): Word64 {
  state[V0] = k0.low ^ 0x70736575;
  state[V0 + 1] = k0.high ^ 0x736f6d65;
  state[V1] = k1.low ^ 0x6e646f6d;
  state[V1 + 1] = k1.high ^ 0x646f7261;
  state[V2] = k0.low ^ 0x6e657261;
  state[V2 + 1] = k0.high ^ 0x6c796765;
  state[V3] = k1.low ^ 0x79746573;
  state[V3 + 1] = k1.high ^ 0x74656462;
  const whole = bytes.length - (bytes.length % 8);
  for (let at = 0; at < whole; at += 8) absorb(word32(bytes, at), word32(bytes, at + 4));
  absorb(word32(bytes, whole), word32(bytes, whole + 4) | ((bytes.length & 0xff) << 24));
  state[V2] = state[V2]! ^ 0xff;
  for (let count = 0; count < 4; count++) round();
  return {
    low: (state[V0]! ^ state[V1]! ^ state[V2]! ^ state[V3]!) >>> 0,
    high: (state[V0 + 1]! ^ state[V1 + 1]! ^ state[V2 + 1]! ^ state[V3 + 1]!) >>> 0,
  };
}

/** Little-endian; bytes beyond the end count as zero. */
function word32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  );
}
