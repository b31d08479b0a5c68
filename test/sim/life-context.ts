/** What all parts of one life share. */
import type { Clock } from '../../src/time/clock.js';
import { SteadyTime } from '../../src/time/steady-time.js';
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

/** Production's time over a clock that is set, and timers that wait while the process stands still and die with it. */
export function mortalClock(world: World, isAlive: () => boolean): Clock {
  const { clock } = world;
  const monotonicUs = (): number => clock.monotonicUs();
  const time = new SteadyTime(() => world.wallMs(), monotonicUs);
  return {
    nowMs: () => time.nowMs(),
    monotonicUs,
    after: (delayMs, callback) => {
      let isCancelled = false;
      const timer = clock.after(delayMs, () =>
        world.whenAwake(() => {
          if (isAlive() && !isCancelled) callback();
        }),
      );
      return {
        cancel: () => {
          isCancelled = true;
          timer.cancel();
        },
      };
    },
    every: (periodMs, callback) => everyWhenAwake(world, periodMs, callback, isAlive),
  };
}

/** However many periods a process slept through, its timer rings once. */
function everyWhenAwake(world: World, periodMs: number, callback: () => void, isAlive: () => boolean) {
  let isDue = false;
  let isCancelled = false;
  const timer = world.clock.every(periodMs, () => {
    if (!isAlive()) timer.cancel();
    else if (!isDue) {
      isDue = true;
      world.whenAwake(() => {
        isDue = false;
        if (isAlive() && !isCancelled) callback();
      });
    }
  });
  return {
    cancel: () => {
      isCancelled = true;
      timer.cancel();
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
