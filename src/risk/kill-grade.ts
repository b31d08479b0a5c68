/** The grades of the kill switch and their order. */

/**
 * `reduce`: only trades that shrink a position are taken and signed. `drain`: nothing new is taken, what was
 * taken finishes. `stop`: not one byte leaves, resends included.
 */
export type KillGrade = 'reduce' | 'drain' | 'stop';

/** Strengths, as they stand in the shared word; 0 is no grade. */
export const STRENGTH = { reduce: 1, drain: 2, stop: 3 } as const satisfies { [Grade in KillGrade]: number };

/** By strength. */
export const GRADES: readonly (KillGrade | undefined)[] = [undefined, 'reduce', 'drain', 'stop'];

/** Why a grade is in force. */
export interface KillCause {
  readonly grade: KillGrade;
  readonly reason: string;
  /** Who: `http`, `kestra`, `daily-loss`, `stream-down`, `redis`, … */
  readonly source: string;
  /** Epoch ms. */
  readonly sinceMs: number;
}

/** The strongest of several causes; of equally strong ones the first. */
export function strongest<Cause extends KillCause>(
  causes: readonly (Cause | undefined)[],
): Cause | undefined {
  let best: Cause | undefined;
  for (const cause of causes) {
    if (cause !== undefined && isWeaker(best?.grade, cause.grade)) best = cause;
  }
  return best;
}

/** No grade is the weakest. */
export function isWeaker(one: KillGrade | undefined, other: KillGrade | undefined): boolean {
  return strengthOf(one) < strengthOf(other);
}

export function strengthOf(grade: KillGrade | undefined): number {
  return grade === undefined ? 0 : STRENGTH[grade];
}
