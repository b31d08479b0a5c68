/** Production behaviour broken from outside, through the ports: each must be caught by the checker. */

import type { StatusSource } from '../../src/confirm/status-source.js';
import type { AttemptEvent, Confirmer, TrackedAttempt } from '../../src/confirm/types.js';
import type { Journal, JournalRecord } from '../../src/journal/types.js';
import type { Signature, Slot } from '../../src/model/brands.js';
import type { SendGate } from '../../src/send/types.js';
import type { Clock } from '../../src/time/clock.js';
import type { PlantedFault, Profile } from './profile.js';

type DeskConfirmer = Confirmer & { hurry(signature: Signature): void };

export class Faults {
  readonly #fault: PlantedFault | undefined;
  readonly #clock: Clock;
  readonly #profile: Profile;

  constructor(profile: Profile, clock: Clock) {
    this.#fault = profile.fault;
    this.#clock = clock;
    this.#profile = profile;
  }

  get ignoresLocks(): boolean {
    return this.#fault === 'locks-ignored';
  }

  /** A damaged journal is taken for the whole truth. */
  get ignoresDamage(): boolean {
    return this.#fault === 'damage-ignored';
  }

  /** An attempt is written down a moment after it was handed on. */
  journal(journal: Journal): Journal {
    if (this.#fault !== 'journal-after-send') return journal;
    const isAttempt = (record: JournalRecord): boolean => record.kind === 'attempt';
    return {
      append: (record) => {
        if (isAttempt(record)) this.#clock.after(1, () => journal.append(record));
        else journal.append(record);
      },
      appendDurable: async (record) => {
        if (isAttempt(record)) this.#clock.after(1, () => void journal.appendDurable(record));
        else await journal.appendDurable(record);
      },
      get writable() {
        return journal.writable;
      },
      close: () => journal.close(),
    };
  }

  /** The gate at the socket does not look. */
  gate(gate: SendGate): SendGate {
    return this.#fault === 'resend-after-stop' ? { mayLeave: () => true } : gate;
  }

  /** A node's null is taken for the proof, however far that node has come and whatever it has forgotten. */
  statuses(source: StatusSource, head: () => Slot): StatusSource {
    if (this.#fault !== 'expiry-by-one-lagging-node') return source;
    return {
      statuses: async (signatures, searchHistory) => ({
        ...(await source.statuses(signatures, searchHistory)),
        contextSlot: head(),
      }),
      firstAvailableBlock: async () => 0 as Slot,
    };
  }

  confirmer(confirmer: DeskConfirmer): DeskConfirmer {
    if (this.#fault === 'processed-is-final') return finalAtOnce(confirmer);
    if (this.#fault === 'resign-after-timer') return this.#expiringByTimer(confirmer);
    return confirmer;
  }

  /** Who has not landed by a time of day is called dead. */
  #expiringByTimer(confirmer: DeskConfirmer): DeskConfirmer {
    const listeners: ((event: AttemptEvent) => void)[] = [];
    const waitMs = (this.#profile.validityBlocks / 2) * this.#profile.slotMs;
    return {
      track: (attempt: TrackedAttempt) => {
        confirmer.track(attempt);
        const { signature } = attempt;
        this.#clock.after(waitMs, () => {
          const evidence = { source: 'timer' };
          for (const listener of listeners)
            listener({ kind: 'expired', signature, commitment: 'finalized', evidence });
        });
      },
      untrack: (signature) => confirmer.untrack(signature),
      hurry: (signature) => confirmer.hurry(signature),
      onEvent: (listener) => {
        confirmer.onEvent(listener);
        // A timer that rings after the landing was noticed at least respects that.
        const landed = new Set<Signature>();
        confirmer.onEvent((event) => {
          if (event.kind === 'landed') landed.add(event.signature);
        });
        listeners.push((event) => {
          if (!landed.has(event.signature)) listener(event);
        });
      },
    };
  }
}

function finalAtOnce(confirmer: DeskConfirmer): DeskConfirmer {
  return {
    track: (attempt) => confirmer.track(attempt),
    untrack: (signature) => confirmer.untrack(signature),
    hurry: (signature) => confirmer.hurry(signature),
    onEvent: (listener) =>
      confirmer.onEvent((event) =>
        listener(event.kind === 'landed' ? { ...event, commitment: 'finalized' } : event),
      ),
  };
}
