/** The checks behind /health, /readyz and `.health.checks`, each with its level and since when it has it. */
import type { CheckLevel, HealthCheck, Readiness } from '../control/operations.js';
import type { Clock, TimerHandle } from '../time/clock.js';
import { type Finding, findingsOf, type HealthFacts, isFresh } from './health-findings.js';

/** How often it looks by itself, so that "since when" does not depend on who asks. */
export const HEALTH_LOOK_MS = 1_000;

export class Health {
  readonly #facts: () => HealthFacts;
  readonly #clock: Clock;
  readonly #timer: TimerHandle;
  readonly #more: (() => readonly Finding[])[] = [];
  readonly #since = new Map<string, { level: CheckLevel; sinceMs: number }>();

  constructor(facts: () => HealthFacts, clock: Clock) {
    this.#facts = facts;
    this.#clock = clock;
    this.#timer = clock.every(HEALTH_LOOK_MS, () => void this.checks());
  }

  /** For a part that watches this one, as the delivery of alerts does: its findings stand beside the others. */
  addChecks(look: () => readonly Finding[]): void {
    this.#more.push(look);
  }

  checks(): HealthCheck[] {
    const findings = [...findingsOf(this.#facts()), ...this.#more.flatMap((look) => look())];
    return findings.map((finding) => ({ ...finding, sinceMs: this.#sinceOf(finding) }));
  }

  /**
   * Ready when nothing that a trade needs is missing or old. The kill switch has no part in it: under a stop dry runs
   * are taken and what is out is confirmed, and a restart that comes up stopped has come up.
   */
  readiness(): Readiness {
    const facts = this.#facts();
    const waitingFor: string[] = [];
    if (!facts.streams.some((stream) => stream.isAccountSource && isFresh(stream, facts.maxStreamAgeMs)))
      waitingFor.push('stream');
    const age = facts.blockhashAgeSlots;
    if (age === undefined || age > facts.maxBlockhashAgeSlots) waitingFor.push('blockhash');
    if (facts.pools === 0 || facts.stalePools > 0) waitingFor.push('pools');
    if (!facts.walletsRead) waitingFor.push('wallets');
    if (!facts.journalWritable || !facts.journalReadable) waitingFor.push('journal');
    if (facts.paused !== undefined) waitingFor.push('queue');
    return { ready: waitingFor.length === 0, waitingFor };
  }

  close(): void {
    this.#timer.cancel();
  }

  #sinceOf(finding: Finding): number {
    const known = this.#since.get(finding.name);
    if (known?.level === finding.level) return known.sinceMs;
    const sinceMs = this.#clock.nowMs();
    this.#since.set(finding.name, { level: finding.level, sinceMs });
    return sinceMs;
  }
}
