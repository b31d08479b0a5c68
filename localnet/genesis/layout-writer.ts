/** Writes little-endian account layouts field by field; a field past the end throws a RangeError. */
import { base58 } from '@scure/base';

export class LayoutWriter {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
  }

  u8(value: number): this {
    this.#view.setUint8(this.#at, value);
    this.#at += 1;
    return this;
  }

  u16(value: number): this {
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
    return this;
  }

  u32(value: number): this {
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
    return this;
  }

  u64(value: bigint): this {
    if (value < 0n || value > 0xffff_ffff_ffff_ffffn) throw new RangeError(`${value} is no u64`);
    this.#view.setBigUint64(this.#at, value, true);
    this.#at += 8;
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.bytes.set(bytes, this.#at);
    this.#at += bytes.length;
    return this;
  }

  key(address: string): this {
    return this.raw(base58.decode(address));
  }

  /** Leaves zeros. */
  skip(length: number): this {
    this.#at += length;
    return this;
  }

  /** The Token programs' COption of a key: a u32 tag, then 32 bytes either way. */
  optionalKey(address: string | undefined): this {
    return address === undefined ? this.skip(36) : this.u32(1).key(address);
  }
}
