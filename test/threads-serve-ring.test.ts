/**
 * A worker knows of a route or a key before the first task that needs it, however its thread and the main one are
 * interleaved: a trade on a route that was prepared just now was denied for want of it.
 */
import { MessageChannel } from 'node:worker_threads';
import { afterEach, expect, it, vi } from 'vitest';
import { Ring } from '../src/threads/ring.js';
import { serveRing } from '../src/threads/serve-ring.js';

const words = (slot: Uint8Array): Uint32Array => new Uint32Array(slot.buffer, slot.byteOffset, 2);
const headOf = Object.getOwnPropertyDescriptor(Ring.prototype, 'head')!.get!;

afterEach(() => {
  vi.restoreAllMocks();
});

/** Serves a ring on this thread until its stop, while `main` acts the moment before the worker looks for tasks. */
function serve(main: (ring: Ring, post: (message: number) => void) => void): number[] {
  const ring = Ring.create({ slots: 4, slotBytes: 64 });
  const { port1, port2 } = new MessageChannel();
  const post = (message: number): void => {
    port1.postMessage(message);
    ring.mailPosted();
  };
  vi.spyOn(Ring.prototype, 'head', 'get').mockImplementationOnce(() => {
    main(ring, post);
    return headOf.call(ring);
  });
  let mailed = 0;
  const answers: number[] = [];
  serveRing(
    { ring: ring.handle, port: port2, setup: undefined },
    {
      handle: (slot) => {
        answers.push(words(slot)[0]! + mailed);
        ring.stop();
      },
      receive: (message) => {
        mailed = message as number;
      },
      idle: () => ring.stop(),
      close: () => undefined,
    },
  );
  port1.close();
  return answers;
}

it('reads what was posted before a task ahead of that task', () => {
  const answers = serve((ring, post) => {
    post(70);
    words(ring.slot(0))[0] = 7;
    ring.publish();
  });
  expect(answers).toEqual([77]);
});
