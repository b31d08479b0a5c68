/**
 * The body of `GET /api/status`, serialised once for many readers: dashboards and load balancers ask far more often
 * than it changes, and each serialisation would be taken from the trades' thread.
 */
import type { Clock } from '../time/clock.js';
import { stringify } from './http-exchange.js';
import type { Operations } from './operations.js';

/** A body is never older than this, nor than the last change of the kill switch. */
export const STATUS_MAX_AGE_MS = 100;

export class CachedStatus {
  readonly #operations: Pick<Operations, 'status' | 'killSwitchVersion'>;
  readonly #clock: Clock;
  #body: Uint8Array | undefined;
  #version = 0;
  #builtUs = 0;

  constructor(operations: Pick<Operations, 'status' | 'killSwitchVersion'>, clock: Clock) {
    this.#operations = operations;
    this.#clock = clock;
  }

  /** JSON in UTF-8; not to be written to. */
  body(): Uint8Array {
    const version = this.#operations.killSwitchVersion();
    const nowUs = this.#clock.monotonicUs();
    const isFresh = version === this.#version && nowUs - this.#builtUs < STATUS_MAX_AGE_MS * 1000;
    if (this.#body !== undefined && isFresh) return this.#body;
    const body = Buffer.from(stringify(this.#operations.status()));
    this.#body = body;
    this.#version = version;
    this.#builtUs = nowUs;
    return body;
  }
}
