/** A trading key in use. Its secret cannot be printed, serialised or reached. */
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { base58 } from '@scure/base';
import { HotslotError } from '../errors/hotslot-error.js';
import { type Address, asAddress } from '../model/brands.js';
import {
  holdSecret,
  SECRET_KEY_BYTES,
  SEED_BYTES,
  type SecretSigner,
  SIGNATURE_BYTES,
} from './secure-memory.js';

export class SigningKey {
  /** Such as `trading-key-1`. */
  readonly name: string;
  readonly address: Address;
  readonly #signer: SecretSigner;
  #wiped = false;

  private constructor(name: string, signer: SecretSigner) {
    this.name = name;
    this.#signer = signer;
    this.address = asAddress(base58.encode(signer.publicKey));
  }

  /** A new key from the operating system's randomness. */
  static generate(name: string): SigningKey {
    const seed = randomBytes(SEED_BYTES);
    try {
      return SigningKey.fromSeed(name, seed);
    } finally {
      seed.fill(0);
    }
  }

  /** Copies the 32-byte seed into protected memory; the caller wipes its own copy. */
  static fromSeed(
    name: string,
    seed: Uint8Array,
    hold: (seed: Uint8Array) => SecretSigner = holdSecret,
  ): SigningKey {
    return new SigningKey(name, hold(seed));
  }

  /**
   * From 64 bytes (seed and public key), as solana-keygen writes them.
   * @throws HotslotError KEYPAIR_FILE_INVALID where the two halves do not belong together
   */
  static fromSecretKey(name: string, secretKey: Uint8Array): SigningKey {
    if (secretKey.length !== SECRET_KEY_BYTES) {
      throw new HotslotError('KEYPAIR_FILE_INVALID', { detail: 'A secret key has 64 bytes.' });
    }
    const key = SigningKey.fromSeed(name, secretKey.subarray(0, SEED_BYTES));
    if (!key.#signer.publicKey.every((byte, index) => byte === secretKey[SEED_BYTES + index])) {
      key.wipe();
      throw new HotslotError('KEYPAIR_FILE_INVALID', {
        detail: 'The public half does not belong to the secret half.',
      });
    }
    return key;
  }

  /** The same secret under another name. It is shared: wiping one wipes both. */
  named(name: string): SigningKey {
    return new SigningKey(name, this.#signer);
  }

  /** `sodium-native` (locked memory) or `node:crypto`. */
  get backend(): SecretSigner['backend'] {
    return this.#signer.backend;
  }

  /**
   * Signs `length` bytes of `message` from `offset` and writes 64 bytes of signature.
   * `out` may be the same buffer as `message`.
   * @throws HotslotError KEY_LOCKED after `wipe`
   */
  signInto(message: Uint8Array, offset: number, length: number, out: Uint8Array, outOffset = 0): void {
    if (this.#wiped) throw new HotslotError('KEY_LOCKED', { context: { key: this.name } });
    this.#signer.sign(
      message.subarray(offset, offset + length),
      out.subarray(outOffset, outOffset + SIGNATURE_BYTES),
    );
  }

  /** Makes the secret unreadable until the next signature. Call it when idle. */
  seal(): void {
    this.#signer.seal();
  }

  /** Forgets the secret; nothing can be signed any more. */
  wipe(): void {
    this.#wiped = true;
    this.#signer.wipe();
  }

  /**
   * A copy of the seed in a buffer made to be transferred to a worker, which takes it into protected memory
   * and zeroes it. Transferring leaves no copy on this side.
   * @throws HotslotError KEY_LOCKED after `wipe`
   */
  copySeedForTransfer(): ArrayBuffer {
    return this.withSeed((seed) => {
      const copy = new ArrayBuffer(SEED_BYTES);
      new Uint8Array(copy).set(seed);
      return copy;
    });
  }

  /** Lends the seed to `use` and wipes the lent copy. For the keystore. */
  withSeed<T>(use: (seed: Uint8Array) => T): T {
    if (this.#wiped) throw new HotslotError('KEY_LOCKED', { context: { key: this.name } });
    return this.#signer.withSeed(use);
  }

  toString(): string {
    return `SigningKey(${this.name}, ${this.address})`;
  }

  toJSON(): { readonly name: string; readonly address: Address } {
    return { name: this.name, address: this.address };
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
