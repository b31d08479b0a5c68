/** What all parts of one life share. */
import type { Clock } from '../../src/time/clock.js';
import type { SeededRandom } from './seeded-random.js';
import type { World } from './world.js';

export interface LifeContext {
  readonly world: World;
  readonly random: SeededRandom;
  /** Its timers die with the process. */
  readonly clock: Clock;
  readonly isAlive: () => boolean;
  readonly kill: (why: string) => void;
}

/** A clock whose timers die with the process. */
export function mortalClock(clock: Clock, isAlive: () => boolean): Clock {
  return {
    nowMs: () => clock.nowMs(),
    monotonicUs: () => clock.monotonicUs(),
    after: (delayMs, callback) =>
      clock.after(delayMs, () => {
        if (isAlive()) callback();
      }),
    every: (periodMs, callback) => {
      const handle = clock.every(periodMs, () => {
        if (isAlive()) callback();
        else handle.cancel();
      });
      return handle;
    },
  };
}

/** Made after a while, if the process lives to see it. */
export function later<T>({ clock, world }: LifeContext, delayMs: number, make: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    clock.after(delayMs, () => {
      world.dirty();
      try {
        resolve(make());
      } catch (error) {
        reject(error);
      }
    });
  });
}
