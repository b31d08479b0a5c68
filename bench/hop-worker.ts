/** Doubles numbers, over a ring or as a plain Piscina task. */
import { type RingTask, serveRing } from '../src/threads/serve-ring.js';

export default function overRing(task: RingTask): void {
  serveRing(task, {
    handle(slot) {
      const view = new DataView(slot.buffer, slot.byteOffset);
      view.setUint32(8, view.getUint32(0, true) * 2, true);
    },
    receive: () => undefined,
    idle: () => undefined,
    close: () => undefined,
  });
}

export function double(value: number): number {
  return value * 2;
}
