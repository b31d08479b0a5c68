/** Holds the vital signs against the table of alerts, and tells of every change. */
import type { Clock, TimerHandle } from '../time/clock.js';
import {
  ALERTS,
  type AlertName,
  type AlertRule,
  type AlertSeverity,
  type VitalSigns,
} from './alert-table.js';
import type { KeptAlert } from './firing-file.js';

/** How often it looks. */
export const ALERT_LOOK_MS = 1_000;
/** Changes that are kept, the newest (L6). */
export const MAX_RECENT_ALERTS = 100;

export interface Alert {
  readonly name: AlertName;
  readonly severity: AlertSeverity;
  readonly status: 'firing' | 'resolved';
  /** Epoch ms since when it has this status. */
  readonly sinceMs: number;
  /** Epoch ms at which it began to fire. */
  readonly firedAtMs: number;
  /** At the change; of one that fires still, at the last look. */
  readonly value: number;
  readonly threshold: number;
  readonly unit: string;
  readonly summary: string;
}

interface Firing {
  readonly firedAtMs: number;
  value: number;
  /** Monotonic: since when its figure is well again. */
  wellSinceUs: number | undefined;
  /** In this life of the process. */
  isTold: boolean;
}

export class AlertWatch {
  readonly #clock: Clock;
  readonly #signs: () => VitalSigns;
  readonly #timer: TimerHandle;
  readonly #firing = new Map<AlertRule, Firing>();
  readonly #recent: Alert[] = [];
  readonly #listeners: ((alert: Alert) => void)[] = [];
  #lastSigns: VitalSigns | undefined;

  /**
   * @param options.kept what fired at the end of an earlier life of the process: it fires until its figure says
   *   otherwise, and is then told again as what it was, or told to be over
   */
  constructor(options: {
    readonly clock: Clock;
    readonly signs: () => VitalSigns;
    readonly kept?: readonly KeptAlert[];
  }) {
    this.#clock = options.clock;
    this.#signs = options.signs;
    for (const { name, firedAtMs, value } of options.kept ?? []) {
      const rule = ALERTS.find((one) => one.name === name);
      if (rule !== undefined)
        this.#firing.set(rule, { firedAtMs, value, wellSinceUs: undefined, isTold: false });
    }
    this.#timer = options.clock.every(ALERT_LOOK_MS, () => this.look());
  }

  /**
   * Called at every change, and never twice with the same in one life of the process. A listener only takes note: it
   * must not wait.
   */
  onAlert(listener: (alert: Alert) => void): void {
    this.#listeners.push(listener);
  }

  /** Those that fire now, in the order of the table. */
  firing(): Alert[] {
    return ALERTS.flatMap((rule) => {
      const firing = this.#firing.get(rule);
      return firing === undefined ? [] : [alertOf(rule, firing, 'firing', firing.firedAtMs)];
    });
  }

  /** Changes, newest first. */
  recent(): readonly Alert[] {
    return this.#recent;
  }

  /** What the last look saw; undefined before the first. */
  signs(): VitalSigns | undefined {
    return this.#lastSigns;
  }

  /** Looks now, beside the regular looks. */
  look(): void {
    const signs = this.#signs();
    this.#lastSigns = signs;
    for (const rule of ALERTS) {
      const value = signs[rule.sign];
      if (value !== undefined && !Number.isNaN(value)) this.#judge(rule, value);
    }
  }

  close(): void {
    this.#timer.cancel();
  }

  #judge(rule: (typeof ALERTS)[number], value: number): void {
    const nowMs = this.#clock.nowMs();
    const firing = this.#firing.get(rule);
    if (firing === undefined) {
      if (!isWorse(rule, value, rule.threshold)) return;
      const begun: Firing = { firedAtMs: nowMs, value, wellSinceUs: undefined, isTold: true };
      this.#firing.set(rule, begun);
      this.#tell(alertOf(rule, begun, 'firing', nowMs));
      return;
    }
    firing.value = value;
    if (isWorse(rule, value, rule.clearAt)) {
      firing.wellSinceUs = undefined;
      if (!firing.isTold) this.#tell(alertOf(rule, firing, 'firing', firing.firedAtMs));
      firing.isTold = true;
      return;
    }
    const nowUs = this.#clock.monotonicUs();
    firing.wellSinceUs ??= nowUs;
    if ((nowUs - firing.wellSinceUs) / 1_000 < rule.clearHoldMs) return;
    this.#firing.delete(rule);
    this.#tell(alertOf(rule, firing, 'resolved', nowMs));
  }

  #tell(alert: Alert): void {
    this.#recent.unshift(alert);
    this.#recent.length = Math.min(this.#recent.length, MAX_RECENT_ALERTS);
    for (const listener of this.#listeners) listener(alert);
  }
}

function isWorse(rule: AlertRule, value: number, than: number): boolean {
  return rule.fires === 'above' ? value > than : value < than;
}

function alertOf(
  rule: (typeof ALERTS)[number],
  { firedAtMs, value }: Firing,
  status: Alert['status'],
  sinceMs: number,
): Alert {
  const { name, severity, threshold, unit, summary } = rule;
  return { name, severity, status, sinceMs, firedAtMs, value, threshold, unit, summary };
}
