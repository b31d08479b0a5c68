import type { WireWriter } from './wire-writer.js';

const UPDATE_CREATED_AT = 11;
const NANOSECONDS_PER_MS = 1_000_000;
const MS_PER_SECOND = 1_000;

/**
 * `SubscribeUpdate.created_at`.
 *
 * @param epochMs epoch milliseconds with a fraction.
 */
export function writeCreatedAt(out: WireWriter, epochMs: number): void {
  const seconds = Math.floor(epochMs / MS_PER_SECOND);
  const nanos = Math.floor((epochMs - seconds * MS_PER_SECOND) * NANOSECONDS_PER_MS);
  const start = out.open(UPDATE_CREATED_AT);
  out.uint(1, seconds);
  out.uint(2, nanos);
  out.close(start);
}
