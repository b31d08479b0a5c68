/** A worker for tests of the ring pool: doubles numbers, and fails in every way when told to. */
import { threadId } from 'node:worker_threads';
import { type RingTask, serveRing } from '../../src/threads/serve-ring.js';

export const DEED = {
  double: 0,
  throw: 1,
  exit: 2,
  hang: 3,
  mailed: 4,
  exhaust: 5,
  spoilOnce: 6,
  nameThread: 7,
  answerUnannounced: 8,
} as const;

export default function worker(task: RingTask): void {
  let mailed = 0;
  serveRing(task, {
    handle(slot) {
      const words = new Uint32Array(slot.buffer, slot.byteOffset, 4);
      switch (words[0]) {
        case DEED.throw:
          throw new Error('told to throw');
        case DEED.exit:
          process.exit(3);
          break;
        case DEED.hang:
          for (;;) if (Date.now() < 0) break;
          break;
        case DEED.mailed:
          words[2] = mailed;
          break;
        case DEED.nameThread:
          words[2] = threadId;
          break;
        case DEED.exhaust: {
          const held: number[][] = [];
          for (;;) held.push(new Array<number>(1_000_000).fill(held.length));
        }
        case DEED.spoilOnce:
          if (Atomics.add(task.setup as Int32Array, 0, 1) > 0) words[2] = words[1]! * 2;
          else {
            // Half an answer, which reads like another request.
            words.set([DEED.double, 99]);
            process.exit(3);
          }
          break;
        case DEED.answerUnannounced: {
          words[2] = words[1]! * 2;
          const { store } = Atomics;
          // The next store counts the answer; main is notified of it after that.
          Object.assign(Atomics, {
            store: (words: Int32Array, index: number, value: number) => {
              store(words, index, value);
              process.exit(3);
            },
          });
          break;
        }
        default:
          words[2] = words[1]! * 2;
      }
    },
    receive(message) {
      mailed = message as number;
    },
    idle: () => undefined,
    close: () => undefined,
  });
}
