/** A signing worker's entry: the logic is in src/threads. */
import { type RingTask, serveRing } from '../src/threads/serve-ring.js';
import { createSignerHandler, type SignerSetup } from '../src/threads/signer-handler.js';

export default function signer(task: RingTask): void {
  serveRing(task, createSignerHandler(task.setup as SignerSetup));
}
