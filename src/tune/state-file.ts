/** What a tuning loop has measured so far, so that one that was stopped goes on where it was. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeDirectory } from '../make-directory.js';
import type { TuneSample } from './types.js';

interface StateFile {
  readonly version: 1;
  readonly plan: string;
  readonly samples: { readonly [run: string]: TuneSample };
}

export class TuneState {
  readonly #path: string;
  readonly #plan: string;
  readonly #samples = new Map<string, TuneSample>();

  private constructor(path: string, plan: string) {
    this.#path = path;
    this.#plan = plan;
  }

  /** What an earlier run of the same plan left; a file of another plan, or a torn one, counts as none. */
  static open(path: string, plan: string): TuneState {
    const state = new TuneState(path, plan);
    if (!existsSync(path)) return state;
    const file = readState(path);
    if (file?.version !== 1 || file.plan !== plan) return state;
    for (const [run, sample] of Object.entries(file.samples)) state.#samples.set(run, sample);
    return state;
  }

  get(run: string): TuneSample | undefined {
    return this.#samples.get(run);
  }

  get size(): number {
    return this.#samples.size;
  }

  /** @throws what the file system throws */
  put(run: string, sample: TuneSample): void {
    this.#samples.set(run, sample);
    const file: StateFile = { version: 1, plan: this.#plan, samples: Object.fromEntries(this.#samples) };
    makeDirectory(dirname(this.#path));
    writeFileSync(`${this.#path}.tmp`, `${JSON.stringify(file)}\n`);
    renameSync(`${this.#path}.tmp`, this.#path);
  }

  /** It is finished: the next one begins anew. */
  remove(): void {
    rmSync(this.#path, { force: true });
  }
}

function readState(path: string): StateFile | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as StateFile;
  } catch {
    return undefined;
  }
}
