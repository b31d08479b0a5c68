/** One request for locks, as its asker and the lock table see it. */
import { NONE } from './lock-memory.js';
import type { LockSet } from './lock-set.js';

/**
 * `waiting`: something before it conflicts. `ready`: nothing does, and whoever asked may call `hold`; a
 * request that goes before it may still take that away. `held`: its locks are its own. `released`: over.
 */
export type LockState = 'waiting' | 'ready' | 'held' | 'released';

export type LockMode = 'hold' | 'ask' | 'hold-front' | 'ask-front';

export interface LockTicket {
  readonly id: string;
  readonly priority: number;
  readonly state: LockState;
  /** Its place in the one order of all requests; less goes first. */
  readonly key: number;
  /** Accounts of its set that it holds now. */
  readonly heldCount: number;
}

/** As the table keeps it. */
export class Ticket implements LockTicket {
  state: LockState = 'waiting';
  slot = NONE;
  firstLink = NONE;
  heldCount = 0;
  /** One-account tickets by which a fork-lost trade takes its locks back (see `regain`). */
  regained: Ticket[] = [];

  constructor(
    readonly id: string,
    readonly set: LockSet,
    readonly priority: number,
    /** REGAIN_CLASS, FRONT_CLASS, or the priority. */
    readonly priorityClass: number,
    readonly key: number,
    readonly holdsWhenReady: boolean,
    readonly parent: Ticket | undefined,
  ) {}
}

/** Where a step changed a ticket twice, its last state is told, perhaps twice. */
export interface LockListener {
  /** A waiting ticket became `ready` (or at once `held`, where it was asked so). */
  onReady?(ticket: LockTicket): void;
  /** A `ready` ticket is `waiting` again: a request that goes before it came. */
  onUnready?(ticket: LockTicket): void;
}
