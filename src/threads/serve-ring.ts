/** The worker's side: a Piscina task that never returns but for a stop. It cannot do asynchronous I/O. */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Ring, type RingHandle } from './ring.js';

/** What Piscina hands to a worker's task. */
export interface RingTask {
  readonly ring: RingHandle;
  /** Carries configuration; read between tasks, never by events. */
  readonly port: MessagePort;
  /** The handler's own set-up. */
  readonly setup: unknown;
}

export interface RingHandler {
  /** Works on the task in the slot and writes its answer there. A throw ends the worker's task. */
  handle(slot: Uint8Array): void;
  /** A message from the main thread, before any task that was published after it. */
  receive(message: unknown): void;
  /** Nothing came for a while. */
  idle(): void;
  /** The loop ends. */
  close(): void;
}

/** After this long without work the handler's `idle` is called, once. */
export const IDLE_AFTER_MS = 1000;

export function serveRing(task: RingTask, handler: RingHandler): void {
  const ring = new Ring(task.ring);
  let mailSeen = 0;
  let idle = false;
  const readMail = (): void => {
    while (mailSeen !== ring.mail) {
      const envelope = receiveMessageOnPort(task.port);
      if (envelope === undefined) return;
      mailSeen++;
      handler.receive(envelope.message);
    }
  };
  try {
    for (;;) {
      // Before the mail: whatever was posted ahead of a task that is seen here has come by the time that it is read.
      const { head } = ring;
      readMail();
      if (head !== ring.current) {
        ring.begin();
        handler.handle(ring.slot(ring.current));
        ring.finish();
        idle = false;
      } else if (ring.stopped && ring.head === ring.current) {
        return;
      } else if (!ring.sleep(mailSeen, idle ? Number.POSITIVE_INFINITY : IDLE_AFTER_MS)) {
        idle = true;
        handler.idle();
      }
    }
  } finally {
    task.port.close();
    handler.close();
  }
}
