/** Ed25519 signatures of a transaction, outside the runtime. */
import sodium from 'sodium-native';
import type { ParsedTransaction } from './wire.js';
import { WireError } from './wire-error.js';

const SIGNATURE_BYTES = 64;

/** Whether every required signature is good. */
export function hasValidSignatures(tx: ParsedTransaction): boolean {
  const wire = Buffer.from(tx.wire.buffer, tx.wire.byteOffset, tx.wire.byteLength);
  // At most 19 signatures fit on the wire, so that their count is one byte.
  const messageOffset = 1 + tx.requiredSignatures * SIGNATURE_BYTES;
  const message = wire.subarray(messageOffset);
  for (let index = 0; index < tx.requiredSignatures; index += 1) {
    const start = 1 + index * SIGNATURE_BYTES;
    const signature = wire.subarray(start, start + SIGNATURE_BYTES);
    const key = Buffer.from(tx.staticKeys[index]!);
    if (!sodium.crypto_sign_verify_detached(signature, message, key)) return false;
  }
  return true;
}

/** @throws WireError `signature` */
export function assertValidSignatures(tx: ParsedTransaction): void {
  if (!hasValidSignatures(tx)) {
    throw new WireError('signature', 'Transaction signature verification failure');
  }
}
