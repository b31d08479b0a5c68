/** Doubles numbers, over a ring or as a plain Piscina task. */
import { type RingTask, serveRing } from '../src/threads/serve-ring.js';

/** 32-bit words of a slot. */
export const ASK = 0;
export const ANSWER = 1;

const wordsOfSlot = new WeakMap<Uint8Array, Uint32Array>();

/** A slot as words: a view is made once a slot, as attempts on their way to the signers have it. */
export function wordsOf(slot: Uint8Array): Uint32Array {
  let words = wordsOfSlot.get(slot);
  if (words === undefined) {
    words = new Uint32Array(slot.buffer, slot.byteOffset, slot.byteLength / 4);
    wordsOfSlot.set(slot, words);
  }
  return words;
}

export default function overRing(task: RingTask): void {
  serveRing(task, {
    handle(slot) {
      const words = wordsOf(slot);
      words[ANSWER] = words[ASK]! * 2;
    },
    receive: () => undefined,
    idle: () => undefined,
    close: () => undefined,
  });
}

export function double(value: number): number {
  return value * 2;
}
