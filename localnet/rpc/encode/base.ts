/** Base58 and base64 with the limits and error texts of a real node. */
import { base58 } from '@scure/base';
import { invalidParams } from '../errors.js';

const PUBKEY_BYTES = 32;
const PUBKEY_CHARS_MAX = 44;
const SIGNATURE_BYTES = 64;
const SIGNATURE_CHARS_MAX = 88;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const BASE58 = /^[1-9A-HJ-NP-Za-km-z]*$/;

export function toBase58(bytes: Uint8Array): string {
  return base58.encode(bytes);
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Undefined when the text has a character that is not in the alphabet. */
export function fromBase58(text: string): Uint8Array | undefined {
  return BASE58.test(text) ? base58.decode(text) : undefined;
}

/** Undefined unless it is canonical base64 with padding, as nodes demand it. */
export function fromBase64(text: string): Uint8Array | undefined {
  return BASE64.test(text) ? Buffer.from(text, 'base64') : undefined;
}

/** An address that is given back as it came. Throws -32602 `Invalid param: WrongSize` or `Invalid param: Invalid`. */
export function checkPubkey(text: string): string {
  checkBytes(text, PUBKEY_BYTES, PUBKEY_CHARS_MAX, 'Invalid param: WrongSize', 'Invalid param: Invalid');
  return text;
}

/** The same for a signature. */
export function checkSignature(text: string): string {
  checkBytes(
    text,
    SIGNATURE_BYTES,
    SIGNATURE_CHARS_MAX,
    'Invalid param: WrongSize',
    'Invalid param: Invalid',
  );
  return text;
}

/** A blockhash, whose errors have no prefix. */
export function checkHash(text: string): string {
  checkBytes(text, PUBKEY_BYTES, PUBKEY_CHARS_MAX, 'WrongSize', 'Invalid');
  return text;
}

export function isPubkey(text: string): boolean {
  return text.length <= PUBKEY_CHARS_MAX && fromBase58(text)?.length === PUBKEY_BYTES;
}

export function isSignature(text: string): boolean {
  return text.length <= SIGNATURE_CHARS_MAX && fromBase58(text)?.length === SIGNATURE_BYTES;
}

function checkBytes(text: string, size: number, charsMax: number, wrongSize: string, invalid: string): void {
  if (text.length > charsMax) throw invalidParams(wrongSize);
  const bytes = fromBase58(text);
  if (bytes === undefined) throw invalidParams(invalid);
  if (bytes.length !== size) throw invalidParams(wrongSize);
}

/** What is wrong with text that is not base58, in the words of the nodes' decoder. */
export function describeBase58Error(text: string): string {
  const index = [...text].findIndex((character) => !BASE58.test(character));
  const character = [...text][index] ?? '';
  return `InvalidCharacter { character: '${character}', index: ${index} }`;
}

/** The same for base64. */
export function describeBase64Error(text: string): string {
  const bytes = Buffer.from(text);
  const index = bytes.findIndex((byte) => !/[A-Za-z0-9+/=]/.test(String.fromCharCode(byte)));
  return index === -1 ? 'InvalidPadding' : `InvalidByte(${index}, ${bytes[index]})`;
}
