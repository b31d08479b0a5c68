/** Counts by target and answer, and what was found. */
import type { TargetName } from './message.js';

/** Findings that are kept with their detail; all are counted. */
const MOST_FINDINGS = 50;

export interface Finding {
  readonly target: TargetName | 'system';
  readonly detail: string;
  /** Replays with `--seed S --only INDEX`; of the whole system where there is none. */
  readonly index?: number;
  readonly kind?: string;
}

export class Tally {
  readonly #answers = new Map<TargetName, Map<string, number>>();
  readonly #findings: Finding[] = [];
  #sent = 0;
  #found = 0;

  get sent(): number {
    return this.#sent;
  }

  get found(): number {
    return this.#found;
  }

  get findings(): readonly Finding[] {
    return this.#findings;
  }

  count(target: TargetName, answer: string): void {
    this.#sent += 1;
    const answers = this.#answers.get(target) ?? new Map<string, number>();
    this.#answers.set(target, answers);
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
  }

  find(finding: Finding): void {
    this.#found += 1;
    if (this.#findings.length < MOST_FINDINGS) this.#findings.push(finding);
  }

  /** By target: how many, and how many of each answer, the most frequent first. */
  byTarget(): { readonly [target: string]: { readonly sent: number; readonly answers: object } } {
    return Object.fromEntries(
      [...this.#answers].map(([target, answers]) => {
        const sorted = [...answers].sort(([, a], [, b]) => b - a);
        return [
          target,
          { sent: sorted.reduce((sum, [, count]) => sum + count, 0), answers: Object.fromEntries(sorted) },
        ];
      }),
    );
  }
}
