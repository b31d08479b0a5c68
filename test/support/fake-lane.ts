import type { Signature } from '../../src/model/brands.js';
import type { Lane, LaneOutcome } from '../../src/send/lane.js';

/** A lane that keeps what was written and answers when the test says so. */
export class FakeLane implements Lane {
  readonly written: { readonly signature: Signature; readonly wire: Uint8Array }[] = [];
  #ready = true;
  ended = false;
  /** How often somebody asked whether it is ready. */
  looks = 0;
  #pending: ((outcome: LaneOutcome) => void) | undefined;
  readonly #listeners: (() => void)[] = [];

  constructor(readonly name: string) {}

  get ready(): boolean {
    this.looks += 1;
    return this.#ready && this.#pending === undefined;
  }

  get connecting(): boolean {
    return !this.#ready && !this.ended;
  }

  setReady(ready: boolean): void {
    this.#ready = ready;
    if (this.ready) for (const listener of this.#listeners) listener();
  }

  write(signature: Signature, wire: Uint8Array, done: (outcome: LaneOutcome) => void): void {
    if (!this.ready) throw new Error('not ready');
    this.written.push({ signature, wire: Uint8Array.from(wire) });
    this.#pending = done;
  }

  answer(outcome: LaneOutcome['outcome']): void {
    const done = this.#pending;
    this.#pending = undefined;
    done?.({ outcome, ackUs: 0 });
    if (this.ready) for (const listener of this.#listeners) listener();
  }

  onReady(listener: () => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    this.#ready = false;
    this.ended = true;
  }
}
