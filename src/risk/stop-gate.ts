import type { Signature } from '../model/brands.js';
import type { SendGate } from '../send/types.js';
import type { KillSwitch } from './kill-switch.js';

/**
 * The gate at the socket: an attempt's bytes leave only if no stop is in force and none came since the
 * attempt was signed, so that a release revives nothing (L3). A signature that was not admitted never leaves.
 */
export class StopGate implements SendGate {
  readonly #killSwitch: KillSwitch;
  /** The stop count at admission; as many entries as there are live attempts. */
  readonly #admitted = new Map<Signature, number>();

  constructor(killSwitch: KillSwitch) {
    this.#killSwitch = killSwitch;
  }

  /** An attempt that was signed just now. */
  admit(signature: Signature): void {
    this.#admitted.set(signature, this.#killSwitch.stopCount);
  }

  /**
   * Whether a stop came at that time or later; before a restart too. The clock may have been set back since, the
   * count of stops can not: where it is known, it must be the present one as well.
   */
  stoppedSince(atMs: number, stopCount?: number): boolean {
    const isCounted = stopCount !== undefined && stopCount !== this.#killSwitch.stopCount;
    return isCounted || atMs <= this.#killSwitch.lastStopAtMs;
  }

  /** The attempt is at its end. */
  forget(signature: Signature): void {
    this.#admitted.delete(signature);
  }

  get size(): number {
    return this.#admitted.size;
  }

  mayLeave(signature: Signature): boolean {
    return this.#killSwitch.mayLeave() && this.#admitted.get(signature) === this.#killSwitch.stopCount;
  }
}
