/** A lane: one way for bytes to reach the cluster. The sender decides what and when; a lane only carries. */
import type { Signature } from '../model/brands.js';
import type { SendReport } from './types.js';

export type LaneOutcome = Pick<SendReport, 'outcome' | 'detail'> & { readonly ackUs: number };

export interface Lane {
  /** `rpc:<host>` and the like; appears in reports, metrics and evidence. */
  readonly name: string;
  /** Whether `write` would hand bytes to the operating system at once. */
  readonly ready: boolean;
  /** Whether it is on its way to being ready and carries nothing meanwhile. */
  readonly connecting: boolean;
  /** Whether it will never be ready again. */
  readonly ended: boolean;
  /**
   * Hands the bytes to the operating system before it returns; call only when `ready`. Nothing is kept back in
   * this process, so that what the gate allowed has left when `write` returns (L3).
   */
  write(signature: Signature, wire: Uint8Array, done: (outcome: LaneOutcome) => void): void;
  /** Called whenever the lane turns ready. */
  onReady(listener: () => void): void;
  close(): void;
}
