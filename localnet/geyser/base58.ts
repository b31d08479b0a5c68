import { base58 } from '@scure/base';

const ADDRESS_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** Longest base58 text of 32 and of 64 bytes. */
const ADDRESS_CHARS_MAX = 44;
const SIGNATURE_CHARS_MAX = 88;
/** Addresses whose bytes are remembered; the map starts anew when it is full. */
const CACHED_ADDRESSES_MAX = 65_536;

/** Why a text is no address or signature. */
export type Base58Fault = 'alphabet' | 'size';

const cache = new Map<string, Uint8Array>();

/** Bytes of an address that the ledger has written, remembered. Throws on anything that is not base58. */
export function addressBytes(address: string): Uint8Array {
  let bytes = cache.get(address);
  if (bytes === undefined) {
    bytes = base58.decode(address);
    if (cache.size >= CACHED_ADDRESSES_MAX) cache.clear();
    cache.set(address, bytes);
  }
  return bytes;
}

/** What is wrong with a text that a client gave as an address; undefined when it is one. */
export function addressFault(text: string): Base58Fault | undefined {
  return base58Fault(text, ADDRESS_BYTES, ADDRESS_CHARS_MAX);
}

/** The same for a transaction signature. */
export function signatureFault(text: string): Base58Fault | undefined {
  return base58Fault(text, SIGNATURE_BYTES, SIGNATURE_CHARS_MAX);
}

function base58Fault(text: string, length: number, charsMax: number): Base58Fault | undefined {
  if (text.length > charsMax) return 'size';
  const bytes = decodeBase58(text);
  if (bytes === undefined) return 'alphabet';
  return bytes.length === length ? undefined : 'size';
}

/** Undefined for a text with a character that base58 does not have. */
export function decodeBase58(text: string): Uint8Array | undefined {
  try {
    return base58.decode(text);
  } catch {
    // The codec throws for one reason only: a character outside its alphabet.
    return undefined;
  }
}
