/** How interleaved-ring.ts tells a stepped-ring-side.ts to take its next step. */
import type { MessagePort } from 'node:worker_threads';
import type { RingHandle } from '../../src/threads/ring.js';

/** Words of a side's gate. */
export const GATE = {
  /** One of SIDE; the side sets it to what it has come to, the driver back to `running`. */
  state: 0,
  /** The index of the word that it sleeps on. */
  sleepsOn: 1,
  /** One more than the index that its last step notified, or 0. */
  notified: 2,
} as const;
export const GATE_WORDS = 3;
export const SIDE = { running: 0, atGate: 1, asleep: 2, finished: 3 } as const;

export interface SteppedRun {
  readonly ring: RingHandle;
  readonly port: MessagePort;
  readonly program: string;
}
