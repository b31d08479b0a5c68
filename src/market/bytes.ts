/** Little-endian reads by offset. One scratch word instead of a DataView an account keeps the hot path free of garbage. */
import { base58 } from '@scure/base';
import { type Address, asAddress } from '../model/brands.js';

const scratchBytes = new Uint8Array(8);
const scratchWord = new BigUint64Array(scratchBytes.buffer);

/** Unsigned 64-bit number at an offset. The caller has checked the length. */
export function readU64(data: Uint8Array, offset: number): bigint {
  for (let i = 0; i < 8; i++) scratchBytes[i] = data[offset + i]!;
  return scratchWord[0]!;
}

/** Unsigned 32-bit number at an offset. The caller has checked the length. */
export function readU32(data: Uint8Array, offset: number): number {
  return (
    (data[offset]! | (data[offset + 1]! << 8) | (data[offset + 2]! << 16) | (data[offset + 3]! << 24)) >>> 0
  );
}

export function readU16(data: Uint8Array, offset: number): number {
  return data[offset]! | (data[offset + 1]! << 8);
}

/** Base58 of the 32 bytes at an offset. Not for hot paths: 1 to 2 µs. */
export function readAddress(data: Uint8Array, offset: number): Address {
  return asAddress(base58.encode(data.subarray(offset, offset + 32)));
}

/** Copies an unsigned 64-bit number into two words, low first. */
export function putU64(words: Int32Array, at: number, data: Uint8Array, offset: number): void {
  words[at] = readU32(data, offset);
  words[at + 1] = readU32(data, offset + 4);
}

/** Whether the data starts with an Anchor discriminator. */
export function startsWith(data: Uint8Array, discriminator: readonly number[]): boolean {
  for (let i = 0; i < discriminator.length; i++) if (data[i] !== discriminator[i]) return false;
  return true;
}
