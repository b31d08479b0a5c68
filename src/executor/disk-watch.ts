/** Free space where the executor writes, asked for now and then: the answer may take as long as a slow disk does. */
import { statfs } from 'node:fs/promises';
import type { Clock, TimerHandle } from '../time/clock.js';

export const DISK_LOOK_MS = 10_000;

export interface DiskSpace {
  /** The setting whose directory it is. */
  readonly name: string;
  /** For whoever is not root. */
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** The system's code where it could not be asked. */
  readonly fault?: string;
}

export class DiskWatch {
  readonly #directories: readonly (readonly [name: string, path: string])[];
  readonly #timer: TimerHandle;
  #spaces: readonly DiskSpace[] = [];
  #looking: Promise<void> | undefined;

  constructor(directories: { readonly [name: string]: string }, clock: Clock) {
    this.#directories = Object.entries(directories);
    this.#timer = clock.every(DISK_LOOK_MS, () => void this.look());
    void this.look();
  }

  /** As of the last look; empty before the first. */
  spaces(): readonly DiskSpace[] {
    return this.#spaces;
  }

  /** One look at a time. */
  look(): Promise<void> {
    this.#looking ??= Promise.all(this.#directories.map(([name, path]) => spaceOf(name, path)))
      .then((spaces) => {
        this.#spaces = spaces;
      })
      .finally(() => {
        this.#looking = undefined;
      });
    return this.#looking;
  }

  close(): void {
    this.#timer.cancel();
  }
}

async function spaceOf(name: string, path: string): Promise<DiskSpace> {
  try {
    const { bavail, blocks, bsize } = await statfs(path);
    return { name, freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch (error) {
    const fault = (error as NodeJS.ErrnoException).code ?? 'unknown';
    return { name, freeBytes: 0, totalBytes: 0, fault };
  }
}
