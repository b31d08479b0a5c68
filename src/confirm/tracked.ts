/** An attempt that is followed, and what was learnt of it so far. */
import type { Commitment, Slot } from '../model/brands.js';
import type { ExpiryCommitment } from './expiry.js';
import { Sightings } from './sightings.js';
import type { TrackedAttempt } from './types.js';

export interface Tracked extends TrackedAttempt {
  readonly sightings: Sightings;
  /** The sighting that was told last, at which commitment, and whether the stream gave it that. */
  told: { readonly slot: Slot; readonly commitment: Commitment; readonly isStreams: boolean } | undefined;
  /** When it was asked about, or had news, last; −Infinity: it shall be asked about at the next sweep. */
  askedAtMs: number;
  asking: boolean;
  /** Strongest expiry already reported. */
  expired: ExpiryCommitment | undefined;
  failures: number;
  unknownReported: boolean;
}

export function newTracked(attempt: TrackedAttempt, nowMs: number): Tracked {
  const { signature, lastValidBlockHeight, signedSlot } = attempt;
  return {
    signature,
    lastValidBlockHeight,
    signedSlot,
    sightings: new Sightings(),
    told: undefined,
    askedAtMs: nowMs,
    asking: false,
    expired: undefined,
    failures: 0,
    unknownReported: false,
  };
}
