/**
 * One side of a ring on a thread of its own that takes a step, one access of shared memory, only when it is told to:
 * so two sides can be interleaved in every way that there is. See interleaved-ring.ts.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { GATE, SIDE, type SteppedRun } from './step-gate.js';

const { load, store, notify, wait } = Atomics;
const gate = workerData as Int32Array;
let stepping = false;

function come(to: number): void {
  store(gate, GATE.state, to);
  notify(gate, GATE.state);
  while (load(gate, GATE.state) === to) wait(gate, GATE.state, to);
}

function stepped<A extends readonly unknown[], R>(access: (...args: A) => R): (...args: A) => R {
  return (...args) => {
    if (stepping) come(SIDE.atGate);
    return access(...args);
  };
}

/** Sleeps until the driver has seen the other side's notification. */
const sleepOn = stepped((words: Int32Array, index: number, value: number): 'ok' | 'not-equal' => {
  if (load(words, index) !== value) return 'not-equal';
  store(gate, GATE.sleepsOn, index);
  come(SIDE.asleep);
  return 'ok';
});

Object.assign(Atomics, {
  add: stepped(Atomics.add),
  load: stepped(load),
  store: stepped(store),
  exchange: stepped(Atomics.exchange),
  notify: stepped((words: Int32Array, index: number, count?: number) => {
    if (!stepping) return notify(words, index, count);
    store(gate, GATE.notified, index + 1);
    return 0;
  }),
  wait: (words: Int32Array, index: number, value: number, timeoutMs?: number) =>
    stepping ? sleepOn(words, index, value) : wait(words, index, value, timeoutMs),
  // Main does nothing else meanwhile, so that its wait may as well be a sleep.
  waitAsync: (words: Int32Array, index: number, value: number) => {
    sleepOn(words, index, value);
    return { async: false };
  },
});

// Not before Atomics is what they shall find.
const { Ring } = await import('../../src/threads/ring.js');
const { serveRing } = await import('../../src/threads/serve-ring.js');
const words = (slot: Uint8Array): Uint32Array => new Uint32Array(slot.buffer, slot.byteOffset, 4);

function publish(ring: InstanceType<typeof Ring>, value: number): void {
  words(ring.slot(ring.next))[0] = value;
  ring.publish();
}

/** As RingPool waits for answers. */
function untilAnswered(ring: InstanceType<typeof Ring>, count: number): void {
  let drained = ring.done;
  while (drained !== count) {
    ring.answered(drained);
    drained = ring.done;
  }
}

/** The words of an answer: the doubled value, and how much mail the worker had read. */
const PROGRAMS: { readonly [name: string]: (ring: InstanceType<typeof Ring>, port: MessagePort) => void } = {
  worker: (ring, port) => {
    let mails = 0;
    serveRing(
      { ring: ring.handle, port, setup: undefined },
      {
        handle: (slot) => words(slot).set([mails, words(slot)[0]! * 2], 1),
        receive: () => {
          mails++;
        },
        idle: () => undefined,
        close: () => undefined,
      },
    );
  },
  publishTwice: (ring) => {
    publish(ring, 1);
    publish(ring, 2);
    untilAnswered(ring, 2);
    ring.stop();
  },
  awaitTwo: (ring) => {
    untilAnswered(ring, 2);
    ring.stop();
  },
  mailAndPublish: (ring, port) => {
    port.postMessage('mail');
    ring.mailPosted();
    publish(ring, 1);
    ring.wakeForMail();
    untilAnswered(ring, 1);
    ring.stop();
    port.close();
  },
};

parentPort!.on('message', ({ ring, port, program }: SteppedRun) => {
  const side = new Ring(ring);
  stepping = true;
  PROGRAMS[program]!(side, port);
  stepping = false;
  port.close();
  store(gate, GATE.state, SIDE.finished);
  notify(gate, GATE.state);
});
