/** Damage of which it is known what it hid: the chain was searched since. */
import { HotslotError } from '../errors/hotslot-error.js';
import type { Journal, JournalStretch } from './types.js';

/** Stretches in one record. */
const STRETCHES_A_RECORD = 1_000;

export class SettledDamage {
  readonly #stretches = new Set<string>();

  add(stretches: readonly JournalStretch[]): void {
    for (const stretch of stretches) this.#stretches.add(nameOf(stretch));
  }

  has(stretch: JournalStretch): boolean {
    return this.#stretches.has(nameOf(stretch));
  }
}

function nameOf({ segment, offset, length }: JournalStretch): string {
  return `${segment} ${offset} ${length}`;
}

/** @returns false where it could not be written: the next start searches once more */
export function writeSettled(journal: Journal, damage: readonly JournalStretch[], atMs: number): boolean {
  const stretches = damage.map(({ segment, offset, length }) => ({ segment, offset, length }));
  try {
    for (let start = 0; start < stretches.length; start += STRETCHES_A_RECORD) {
      const some = stretches.slice(start, start + STRETCHES_A_RECORD);
      journal.append({ kind: 'searched', stretches: some, atMs });
    }
    return true;
  } catch (error) {
    if (error instanceof HotslotError && error.code === 'JOURNAL_UNWRITABLE') return false;
    throw error;
  }
}
