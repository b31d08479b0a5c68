/** The shared board's words, by name. All are 32 bits; u64 are two words, low first. */

/** Changes with the layout; a worker of another version refuses the board. */
export const BOARD_VERSION = 3;
export const BOARD_MAGIC = 0x48534c54;

export const HEADER = {
  magic: 0,
  version: 1,
  poolCapacity: 2,
  /** A grade of KILL_SWITCH_GRADES. */
  killSwitch: 3,
  /** Slots and heights are u32: enough for another fifty years. */
  headSlot: 4,
  confirmedSlot: 5,
  confirmedHeight: 6,
  /** 0: the stream's age is not checked. */
  maxStreamAgeMs: 7,
  /** Entry: sequence, then the monotonic µs of the stream's last activity as a double. */
  activitySequence: 8,
  activityUs: 10,
  /** Hashes pushed so far; the newest is at (count - 1) modulo the ring. */
  hashCount: 12,
  /** hrtime µs minus the main clock's µs, as a double: the clock's origin as other threads can find it. */
  clockOffsetUs: 14,
} as const;

export const HEADER_WORDS = 32;

/** The validity window is 151 hashes. */
export const HASH_RING = 151;
export const HASH_WORDS = 16;
export const HASH = { sequence: 0, slot: 1, height: 2, lastValidBlockHeight: 3, hash: 4 } as const;
/** Words of an entry after its sequence. */
export const HASH_BODY_WORDS = 11;

export const POOL_WORDS = 32;
/** Offsets in an entry. */
export const POOL = {
  sequence: 0,
  /** 1 once the numbers are there. */
  ready: 1,
  slot: 2,
  revision: 3,
  /** A record of CPMM_WORDS words; at an even offset, so that a copy reads as u64. */
  numbers: 4,
  /** Outside the sequence lock: slot through which the stream is known to be complete for the pool. */
  completeSlot: 26,
  /** Outside the sequence lock: 1 while the pool is suspect. */
  suspect: 27,
  /** Outside the sequence lock: what others lately paid for a compute unit on the pool, as u32. */
  feeLevelMicroLamports: 28,
} as const;
/** Words under the sequence lock, from `ready` on. */
export const POOL_BODY_WORDS = POOL.completeSlot - POOL.ready;

export const KILL_SWITCH_GRADES = ['off', 'reduce', 'drain', 'stop'] as const;
export type KillSwitchGrade = (typeof KILL_SWITCH_GRADES)[number];
