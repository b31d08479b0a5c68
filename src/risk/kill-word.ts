/** The kill switch as worker threads see it: two numbers in shared memory. */
import { GRADES, type KillGrade, STRENGTH, strengthOf } from './kill-grade.js';

/** Slots of the shared word. */
export const WORD_GRADE = 0;
/** Counts the stops, so that what was signed before one is told from what was signed after its release. */
export const WORD_STOP_COUNT = 1;
export const WORD_LENGTH = 2;

/** Whether bytes may leave, asked in a worker that has only the shared word. */
export function mayLeaveByWord(word: Int32Array): boolean {
  return Atomics.load(word, WORD_GRADE) !== STRENGTH.stop;
}

export class KillWord {
  readonly word = new Int32Array(new SharedArrayBuffer(WORD_LENGTH * Int32Array.BYTES_PER_ELEMENT));

  get grade(): KillGrade | undefined {
    return GRADES[Atomics.load(this.word, WORD_GRADE)];
  }

  set grade(grade: KillGrade | undefined) {
    Atomics.store(this.word, WORD_GRADE, strengthOf(grade));
  }

  get stopCount(): number {
    return Atomics.load(this.word, WORD_STOP_COUNT);
  }

  set stopCount(count: number) {
    Atomics.store(this.word, WORD_STOP_COUNT, count);
  }
}
