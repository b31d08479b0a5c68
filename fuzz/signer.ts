/** The fuzzer's own wallet: its transactions are signed rightly, so that they get as far as they can. */
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { base58 } from '@scure/base';
import type { Signer } from './surroundings.js';

/** What precedes the 32 bytes of an Ed25519 seed in PKCS #8 (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const KEY_BYTES = 32;

export function fuzzSigner(seed: string): Signer {
  const secret = createHash('sha256').update(`fuzz signer\0${seed}`).digest();
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, secret]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES);
  return {
    publicKey,
    address: base58.encode(publicKey),
    sign: (message) => sign(null, message, privateKey),
  };
}
