/** Getting bytes to the cluster, again and again, until told to stop. */
import type { Signature } from '../model/brands.js';

export interface SendReport {
  readonly signature: Signature;
  /** RPC endpoint's host or `jito:<host>`. */
  readonly lane: string;
  readonly sentAtMs: number;
  readonly ackUs: number;
  readonly outcome:
    | 'acknowledged'
    | 'alreadyProcessed'
    | 'blockhashNotFound'
    | 'preflightFailed'
    | 'refused'
    | 'timeout'
    | 'error';
  readonly detail?: string;
}

/** Asked at the last moment before bytes leave, for first sends and resends alike (L3). */
export interface SendGate {
  /** False: not one byte may leave. */
  mayLeave(signature: Signature): boolean;
}

export interface Sender {
  /**
   * Writes the bytes to a lane now and keeps resending them at an adaptive pace until `stop`.
   * @returns the monotonic microseconds at which the first bytes were handed to the socket: at once where a lane is
   *   free, else a promise of them; it rejects with a coded error when the gate refused and nothing left
   */
  start(signature: Signature, wire: Uint8Array): number | Promise<number>;
  /** No more resends of this attempt. */
  stop(signature: Signature): void;
  /** Attempts being resent now. */
  readonly activeCount: number;
  onReport(listener: (report: SendReport) => void): void;
}
