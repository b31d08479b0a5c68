/**
 * Sequence locks over shared words: one writer (the main thread), any number of readers, no blocking of the
 * writer. The sequence is odd while an entry is being written; a reader that saw it odd or changed reads again.
 * All words go through Atomics: plain accesses beside them may be reordered on weakly ordered machines.
 */
import { HotslotError } from '../errors/hotslot-error.js';

/** A write takes under 1 µs; past these spins its thread must have been descheduled in the middle. */
const SPINS = 200;
/** Then the reader sleeps this long, this often, before it gives up (the writer's thread is gone). */
const NAP_MS = 1;
const NAPS = 500;

/** Makes an entry unreadable until `endWrite`. */
export function beginWrite(words: Int32Array, sequenceAt: number): void {
  Atomics.add(words, sequenceAt, 1);
}

export function endWrite(words: Int32Array, sequenceAt: number): void {
  Atomics.add(words, sequenceAt, 1);
}

/**
 * Copies `count` words from `from` as they were at one moment.
 * @param out  at least `count` long
 * @throws HotslotError WORKER_FAILED where the writer stopped in the middle of a write
 */
export function readConsistent(
  words: Int32Array,
  sequenceAt: number,
  from: number,
  count: number,
  out: Int32Array,
): void {
  for (let attempt = 0; attempt < SPINS + NAPS; attempt++) {
    const before = Atomics.load(words, sequenceAt);
    if ((before & 1) === 0) {
      for (let i = 0; i < count; i++) out[i] = Atomics.load(words, from + i);
      if (Atomics.load(words, sequenceAt) === before) return;
    }
    if (attempt >= SPINS) Atomics.wait(words, sequenceAt, before, NAP_MS);
  }
  throw new HotslotError('WORKER_FAILED', { detail: 'An entry of the shared board stayed half written.' });
}
