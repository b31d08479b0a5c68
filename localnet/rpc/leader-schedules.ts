/** Leader schedules by epoch, drawn once: an epoch has hundreds of thousands of slots, and its leaders do not change. */
import { SLOTS_PER_WINDOW } from '../engine/schedule.js';
import type { Ledger } from '../ledger/types.js';

/** The running epoch's and the next one's; of older ones the last that was asked for pushes out another. */
const KEPT_EPOCHS_MAX = 2;
/** The thread is handed back after this many windows. */
const WINDOWS_AT_ONCE = 500;

export interface LeaderSchedule {
  /** Each leader's slots, counted from the epoch's first. */
  readonly slotsByLeader: ReadonlyMap<string, readonly number[]>;
  /** The same as JSON: there are too many numbers for a writer in JavaScript, and they never change. */
  readonly json: string;
}

export class LeaderSchedules {
  readonly #byEpoch = new Map<number, Promise<LeaderSchedule>>();

  of(epoch: number, ledger: Pick<Ledger, 'leader' | 'slotsPerEpoch'>): Promise<LeaderSchedule> {
    const known = this.#byEpoch.get(epoch);
    if (known !== undefined) return known;
    const [oldest] = this.#byEpoch.keys();
    if (oldest !== undefined && this.#byEpoch.size >= KEPT_EPOCHS_MAX) this.#byEpoch.delete(oldest);
    const drawn = draw(epoch, ledger);
    this.#byEpoch.set(epoch, drawn);
    return drawn;
  }
}

/** A leader holds its windows whole. */
async function draw(
  epoch: number,
  ledger: Pick<Ledger, 'leader' | 'slotsPerEpoch'>,
): Promise<LeaderSchedule> {
  const slotsPerEpoch = ledger.slotsPerEpoch();
  const firstSlot = epoch * slotsPerEpoch;
  const slotsByLeader = new Map<string, number[]>();
  for (let index = 0; index < slotsPerEpoch; index += SLOTS_PER_WINDOW) {
    if (index % (SLOTS_PER_WINDOW * WINDOWS_AT_ONCE) === 0) {
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    const leader = ledger.leader(firstSlot + index);
    const own = slotsByLeader.get(leader) ?? [];
    if (own.length === 0) slotsByLeader.set(leader, own);
    for (let slot = index; slot < Math.min(index + SLOTS_PER_WINDOW, slotsPerEpoch); slot++) own.push(slot);
  }
  return { slotsByLeader, json: JSON.stringify(Object.fromEntries(slotsByLeader)) };
}
