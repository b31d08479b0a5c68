/** Keys made from the genesis seed: the same seed and label give the same key on every machine. */
import { createHmac, createPrivateKey, createPublicKey } from 'node:crypto';
import { base58 } from '@scure/base';
import type { GenesisWallet } from './types.js';

/** The fixed DER head of a PKCS #8 Ed25519 private key (RFC 8410); the 32 seed bytes follow it. */
const PKCS8_ED25519_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');
const KEY_LENGTH = 32;

/** 32 bytes that depend on nothing but the seed and the label. */
export function deriveBytes(seed: string, label: string): Uint8Array {
  return createHmac('sha512', `hotslot-genesis:${seed}`).update(label).digest().subarray(0, KEY_LENGTH);
}

/** A signing key; `secretKey` is the 64-byte form of Solana's tools (seed, then public key). */
export function deriveWallet(seed: string, label: string): Required<GenesisWallet> {
  const secret = deriveBytes(seed, label);
  const der = Buffer.concat([PKCS8_ED25519_HEAD, secret]);
  const spki = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })).export({
    format: 'der',
    type: 'spki',
  });
  const publicKey = spki.subarray(spki.length - KEY_LENGTH);
  const secretKey = new Uint8Array(2 * KEY_LENGTH);
  secretKey.set(secret, 0);
  secretKey.set(publicKey, KEY_LENGTH);
  return { address: base58.encode(publicKey), secretKey };
}

/** An address that nobody signs for: mints, vote accounts, fee owners. */
export function deriveAddress(seed: string, label: string): string {
  return deriveWallet(seed, label).address;
}
