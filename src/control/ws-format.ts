/** Frames to bytes and back: JSON text by default, MessagePack on request. */
import { Packr, Unpackr } from 'msgpackr';
import { HotslotError } from '../errors/hotslot-error.js';

export type WireFormat = 'json' | 'msgpack';

// Without records: those are msgpackr's own extension, and other languages' decoders do not know it.
const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true });

/** @param frame free of bigints */
export function encodeFrame(format: WireFormat, frame: object): string | Uint8Array {
  return format === 'json' ? JSON.stringify(frame) : packr.pack(frame);
}

/** @throws HotslotError INTENT_MALFORMED */
export function decodeFrame(format: WireFormat, bytes: Uint8Array): unknown {
  try {
    return format === 'json' ? JSON.parse(Buffer.from(bytes).toString('utf8')) : unpackr.unpack(bytes);
  } catch {
    const detail = format === 'json' ? 'The frame is not JSON.' : 'The frame is not MessagePack.';
    throw new HotslotError('INTENT_MALFORMED', { detail });
  }
}
