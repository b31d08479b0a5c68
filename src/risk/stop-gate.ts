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

  /** An attempt from before a restart, signed at this time. Returns false when a stop came since. */
  admitEarlier(signature: Signature, signedAtMs: number): boolean {
    if (this.stoppedSince(signedAtMs)) return false;
    this.admit(signature);
    return true;
  }

  /** Whether a stop came at that time or later; before a restart too. */
  stoppedSince(atMs: number): boolean {
    return atMs <= this.#killSwitch.lastStopAtMs;
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
