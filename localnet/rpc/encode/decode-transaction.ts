/** Decodes the text of sendTransaction, simulateTransaction and getFeeForMessage with the nodes' limits and errors. */
import { MAX_WIRE_BYTES, type ParsedTransaction, parseTransaction } from '../../engine/wire.js';
import { WireError } from '../../engine/wire-error.js';
import { invalidParams, signatureVerificationFailure } from '../errors.js';
import { readVariant } from '../params.js';
import { describeBase58Error, describeBase64Error, fromBase58, fromBase64 } from './base.js';
import { TRANSACTION_ENCODINGS } from './transaction.js';

/** The longest texts that a packet's bytes can need. */
const BASE58_CHARS_MAX = 1683;
const BASE64_CHARS_MAX = 1644;
const SIGNATURE_BYTES = 64;
const VERSION_FLAG = 0x80;

export type BinaryEncoding = 'base58' | 'base64';
const TRANSACTION_TYPE = 'solana_transaction::versioned::VersionedTransaction';
const MESSAGE_TYPE = 'solana_message::versions::VersionedMessage';

/** The `encoding` option; base58 is the default for the sake of old clients. */
export function readBinaryEncoding(value: unknown): BinaryEncoding {
  if (value === undefined || value === null) return 'base58';
  const encoding = readVariant(value, TRANSACTION_ENCODINGS);
  if (encoding === 'binary') return 'base58';
  if (encoding === 'base58' || encoding === 'base64') return encoding;
  throw invalidParams(`unsupported encoding: ${encoding}. Supported encodings: base58, base64`);
}

/** Bytes of a transaction's text; whether they are a transaction is not looked at. */
export function decodeWire(text: string, encoding: BinaryEncoding): Uint8Array {
  return decode(text, encoding, TRANSACTION_TYPE);
}

/** Throws -32602 for bytes that are no transaction. */
export function parseWire(wire: Uint8Array): ParsedTransaction {
  return explained(() => parseTransaction(wire), TRANSACTION_TYPE);
}

/** A message without its signatures, read as a transaction whose signatures are zero. */
export function decodeMessage(text: string): ParsedTransaction {
  const message = decode(text, 'base64', MESSAGE_TYPE);
  const versioned = ((message[0] ?? 0) & VERSION_FLAG) !== 0;
  const required = message[versioned ? 1 : 0] ?? 0;
  const wire = new Uint8Array(Math.min(1 + required * SIGNATURE_BYTES + message.length, MAX_WIRE_BYTES + 1));
  if (wire.length > MAX_WIRE_BYTES) {
    throw invalidParams('invalid transaction message: index out of bounds');
  }
  wire[0] = required;
  wire.set(message, 1 + required * SIGNATURE_BYTES);
  return explained(() => parseTransaction(wire), MESSAGE_TYPE);
}

/** The answer for bytes that the engine refuses to take. */
export function explainWireError(error: WireError, typeName = TRANSACTION_TYPE): Error {
  switch (error.reason) {
    case 'signature':
      return signatureVerificationFailure();
    case 'sanitize':
      return invalidParams('invalid transaction: Transaction failed to sanitize accounts offsets correctly');
    case 'tooLarge':
      return invalidParams(`decoded ${typeName} ${error.message}`);
    case 'malformed':
      return invalidParams(`failed to deserialize ${typeName}: io error: failed to fill whole buffer`);
  }
}

function explained<T>(read: () => T, typeName: string): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof WireError ? explainWireError(error, typeName) : error;
  }
}

function decode(text: string, encoding: BinaryEncoding, typeName: string): Uint8Array {
  const base58 = encoding === 'base58';
  const charsMax = base58 ? BASE58_CHARS_MAX : BASE64_CHARS_MAX;
  if (text.length > charsMax) {
    throw invalidParams(
      `${encoding} encoded ${typeName} too large: ${Buffer.byteLength(text)} bytes (max: encoded/raw ${charsMax}/${MAX_WIRE_BYTES})`,
    );
  }
  const bytes = base58 ? fromBase58(text) : fromBase64(text);
  if (bytes === undefined) {
    const reason = base58 ? describeBase58Error(text) : describeBase64Error(text);
    throw invalidParams(`invalid ${encoding} encoding: ${reason}`);
  }
  if (bytes.length > MAX_WIRE_BYTES) {
    throw invalidParams(
      `decoded ${typeName} too large: ${bytes.length} bytes (max: ${MAX_WIRE_BYTES} bytes)`,
    );
  }
  return bytes;
}
