/**
 * Ed25519 over a secret that lies in locked memory: never swapped, guard pages around it, out of core dumps
 * (sodium-native). Where that library does not load, node:crypto holds the key inside OpenSSL instead.
 */
import { createPrivateKey, createPublicKey, sign as cryptoSign, type KeyObject } from 'node:crypto';
import { createRequire } from 'node:module';
import type sodiumTypes from 'sodium-native';

type Sodium = typeof sodiumTypes;

export const SEED_BYTES = 32;
export const SECRET_KEY_BYTES = 64;
export const SIGNATURE_BYTES = 64;

/** A secret that can sign and be wiped, and nothing else but be handed to another thread. */
export interface SecretSigner {
  readonly backend: 'sodium-native' | 'node:crypto';
  readonly publicKey: Uint8Array;
  /** Signs `message` into `signature` (64 bytes). */
  sign(message: Uint8Array, signature: Uint8Array): void;
  /** Makes the secret's page unreadable until the next signature; harmless when repeated. */
  seal(): void;
  /** Calls back with the 32-byte seed, which is wiped afterwards. For keystores and worker hand-over only. */
  withSeed<T>(use: (seed: Uint8Array) => T): T;
  wipe(): void;
}

let loaded: Sodium | null | undefined;

/** The library, or null where its native part does not load. Loaded once. */
export function loadSodium(): Sodium | null {
  if (loaded === undefined) {
    try {
      loaded = createRequire(import.meta.url)('sodium-native') as Sodium;
    } catch {
      // A platform without a prebuilt binary: signing is slower there and works all the same.
      loaded = null;
    }
  }
  return loaded;
}

/**
 * Takes a copy of the seed into protected memory; the caller wipes its own.
 * @param sodium null forces node:crypto
 */
export function holdSecret(seed: Uint8Array, sodium: Sodium | null = loadSodium()): SecretSigner {
  if (seed.length !== SEED_BYTES) throw new RangeError('a seed has 32 bytes');
  return sodium === null ? new OpenSslSigner(seed) : new SodiumSigner(seed, sodium);
}

class SodiumSigner implements SecretSigner {
  readonly backend = 'sodium-native';
  readonly publicKey: Uint8Array;
  readonly #sodium: Sodium;
  #secret: ReturnType<Sodium['sodium_malloc']> | undefined;
  #sealed = false;

  constructor(seed: Uint8Array, sodium: Sodium) {
    this.#sodium = sodium;
    const publicKey = Buffer.alloc(32);
    this.#secret = sodium.sodium_malloc(SECRET_KEY_BYTES);
    sodium.crypto_sign_seed_keypair(publicKey, this.#secret, asBuffer(seed));
    this.publicKey = Uint8Array.from(publicKey);
    this.seal();
  }

  sign(message: Uint8Array, signature: Uint8Array): void {
    this.#sodium.crypto_sign_detached(signature as Buffer, message as Buffer, this.#readable());
  }

  seal(): void {
    // Two page protections a signature would cost 3 µs (a sixth of it), so keys in use stay readable and
    // their users seal them when idle.
    if (this.#secret === undefined || this.#sealed) return;
    this.#sodium.sodium_mprotect_noaccess(this.#secret);
    this.#sealed = true;
  }

  withSeed<T>(use: (seed: Uint8Array) => T): T {
    const seed = this.#sodium.sodium_malloc(SEED_BYTES);
    try {
      this.#readable().copy(seed, 0, 0, SEED_BYTES);
      return use(seed);
    } finally {
      this.#sodium.sodium_memzero(seed);
    }
  }

  wipe(): void {
    if (this.#secret === undefined) return;
    this.#sodium.sodium_mprotect_readwrite(this.#secret);
    this.#sodium.sodium_memzero(this.#secret);
    this.#secret = undefined;
  }

  #readable(): ReturnType<Sodium['sodium_malloc']> {
    if (this.#secret === undefined) throw new Error('the key was wiped');
    if (this.#sealed) {
      this.#sodium.sodium_mprotect_readonly(this.#secret);
      this.#sealed = false;
    }
    return this.#secret;
  }
}

/** PKCS #8 and SPKI headers of Ed25519 keys (RFC 8410). */
const PKCS8_HEADER = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_HEADER_BYTES = 12;

class OpenSslSigner implements SecretSigner {
  readonly backend = 'node:crypto';
  readonly publicKey: Uint8Array;
  #key: KeyObject | undefined;

  constructor(seed: Uint8Array) {
    const der = Buffer.concat([PKCS8_HEADER, seed]);
    this.#key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    der.fill(0);
    const spki = createPublicKey(this.#key).export({ format: 'der', type: 'spki' });
    this.publicKey = Uint8Array.from(spki.subarray(SPKI_HEADER_BYTES));
  }

  sign(message: Uint8Array, signature: Uint8Array): void {
    signature.set(cryptoSign(null, message, this.#live()));
  }

  seal(): void {
    // OpenSSL keeps the key in its own heap; there is no page of ours to protect.
  }

  withSeed<T>(use: (seed: Uint8Array) => T): T {
    const der = this.#live().export({ format: 'der', type: 'pkcs8' });
    try {
      return use(der.subarray(PKCS8_HEADER.length));
    } finally {
      der.fill(0);
    }
  }

  wipe(): void {
    this.#key = undefined;
  }

  #live(): KeyObject {
    if (this.#key === undefined) throw new Error('the key was wiped');
    return this.#key;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
