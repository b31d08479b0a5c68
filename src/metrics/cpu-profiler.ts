/** CPU profiles of this thread, taken while it works. */
import { type Profiler, Session } from 'node:inspector';
import { HotslotError } from '../errors/hotslot-error.js';
import type { Clock } from '../time/clock.js';

const SAMPLE_US = 200;

export type CpuProfile = Profiler.Profile;

export class CpuProfiler {
  readonly #clock: Clock;
  #isRunning = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** One at a time. While it runs every function is some percent slower. @throws HotslotError PROFILE_RUNNING */
  async profile(durationMs: number): Promise<CpuProfile> {
    if (this.#isRunning) throw new HotslotError('PROFILE_RUNNING');
    this.#isRunning = true;
    const session = new Session();
    try {
      session.connect();
      await ask((done) => session.post('Profiler.enable', done));
      await ask((done) => session.post('Profiler.setSamplingInterval', { interval: SAMPLE_US }, done));
      await ask((done) => session.post('Profiler.start', done));
      await new Promise<void>((resolve) => this.#clock.after(durationMs, resolve));
      return await new Promise((resolve, reject) => {
        session.post('Profiler.stop', (error, result) => {
          if (error === null) resolve(result.profile);
          else reject(error);
        });
      });
    } finally {
      session.disconnect();
      this.#isRunning = false;
    }
  }
}

function ask(post: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    post((error) => (error === null ? resolve() : reject(error)));
  });
}
