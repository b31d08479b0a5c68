/** Free space where the executor writes, asked for now and then: the answer may take as long as a slow disk does. */
import { statfs } from 'node:fs/promises';
import type { Clock, TimerHandle } from '../time/clock.js';

export const DISK_LOOK_MS = 10_000;
/** How long one look waits for a file system; network mounts may not answer at all. */
export const DISK_ANSWER_MS = 5_000;

export interface DiskSpace {
  /** The setting whose directory it is. */
  readonly name: string;
  /** For whoever is not root. */
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** The system's code where it could not be asked, or for how long it has not answered. */
  readonly fault?: string;
}

type Ask = (path: string) => Promise<{ bavail: number; blocks: number; bsize: number }>;

interface Directory {
  readonly name: string;
  readonly path: string;
  /** The question that is out. Another one would take another of the few threads that all files share. */
  asked: { readonly answer: Promise<DiskSpace>; readonly sinceUs: number } | undefined;
}

export class DiskWatch {
  readonly #directories: readonly Directory[];
  readonly #clock: Clock;
  readonly #ask: Ask;
  readonly #timer: TimerHandle;
  #spaces: readonly DiskSpace[] = [];
  #looking: Promise<void> | undefined;

  /** @param ask `statfs` */
  constructor(directories: { readonly [name: string]: string }, clock: Clock, ask: Ask = statfs) {
    this.#directories = Object.entries(directories).map(([name, path]) => ({ name, path, asked: undefined }));
    this.#clock = clock;
    this.#ask = ask;
    this.#timer = clock.every(DISK_LOOK_MS, () => void this.look());
    void this.look();
  }

  /** As of the last look; empty before the first. */
  spaces(): readonly DiskSpace[] {
    return this.#spaces;
  }

  /** One look at a time; over after DISK_ANSWER_MS at the latest. */
  look(): Promise<void> {
    this.#looking ??= Promise.all(this.#directories.map((directory) => this.#spaceOf(directory)))
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

  async #spaceOf(directory: Directory): Promise<DiskSpace> {
    directory.asked ??= { answer: this.#answerOf(directory), sinceUs: this.#clock.monotonicUs() };
    const { answer, sinceUs } = directory.asked;
    let timer: TimerHandle | undefined;
    const silence = new Promise<DiskSpace>((resolve) => {
      timer = this.#clock.after(DISK_ANSWER_MS, () => {
        const seconds = Math.round((this.#clock.monotonicUs() - sinceUs) / 1e6);
        resolve({ name: directory.name, freeBytes: 0, totalBytes: 0, fault: `no answer for ${seconds} s` });
      });
    });
    try {
      return await Promise.race([answer, silence]);
    } finally {
      timer?.cancel();
    }
  }

  async #answerOf(directory: Directory): Promise<DiskSpace> {
    const { name, path } = directory;
    try {
      const { bavail, blocks, bsize } = await this.#ask(path);
      return { name, freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    } catch (error) {
      const fault = (error as NodeJS.ErrnoException).code ?? 'unknown';
      return { name, freeBytes: 0, totalBytes: 0, fault };
    } finally {
      directory.asked = undefined;
    }
  }
}
