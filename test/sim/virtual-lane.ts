/** A lane into the virtual cluster: takes bytes when it is free, loses, delays and doubles them on the way. */
import type { Signature } from '../../src/model/brands.js';
import type { Lane, LaneOutcome } from '../../src/send/lane.js';
import type { Profile } from './profile.js';
import type { SeededRandom } from './seeded-random.js';
import type { VirtualClock } from './virtual-clock.js';
import type { VirtualCluster } from './virtual-cluster.js';

const ACK_TIMEOUT_MS = 2_000;

export interface LaneParts {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly profile: Profile;
  readonly cluster: VirtualCluster;
  readonly isAlive: () => boolean;
  readonly isHealed: () => boolean;
  /** The bytes are about to leave; may end the process. */
  readonly onWrite: (signature: Signature, lane: string) => void;
  /** Runs it when the process does not stand still. */
  readonly whenAwake: (run: () => void) => void;
  readonly dirty: () => void;
}

export class VirtualLane implements Lane {
  readonly name: string;
  readonly #parts: LaneParts;
  readonly #listeners: (() => void)[] = [];
  #isBusy = false;
  #isClosed = false;

  constructor(name: string, parts: LaneParts) {
    this.name = name;
    this.#parts = parts;
  }

  get ready(): boolean {
    return !this.#isBusy && !this.#isClosed;
  }

  get connecting(): boolean {
    return false;
  }

  get ended(): boolean {
    return this.#isClosed;
  }

  onReady(listener: () => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    this.#isClosed = true;
  }

  write(signature: Signature, wire: Uint8Array, done: (outcome: LaneOutcome) => void): void {
    const { clock, random, profile, cluster, isAlive, isHealed, onWrite, whenAwake, dirty } = this.#parts;
    if (!isAlive()) return;
    if (!this.ready) throw new Error(`${this.name} is not ready`);
    this.#isBusy = true;
    onWrite(signature, this.name);
    if (!isAlive()) return;
    const bad = (chance: number): boolean => !isHealed() && random.chance(chance);
    const isRefused = bad(profile.refuseChance);
    if (!isRefused && !bad(profile.dropChance)) {
      const delayMs = bad(profile.delayedChance)
        ? random.between(0, profile.validityBlocks * profile.slotMs * 1.2)
        : random.between(1, 80);
      clock.after(delayMs, () => cluster.receive(wire));
    }
    const outcome = bad(profile.ackTimeoutChance) ? 'timeout' : isRefused ? 'refused' : 'acknowledged';
    const ackMs = outcome === 'timeout' ? ACK_TIMEOUT_MS : random.between(1, 60);
    const acknowledge = (): void => {
      if (!isAlive()) return;
      dirty();
      this.#isBusy = false;
      done({ outcome, ackUs: ackMs * 1000 });
      for (const listener of this.#listeners) listener();
    };
    clock.after(ackMs, () => whenAwake(acknowledge));
    dirty();
  }
}
