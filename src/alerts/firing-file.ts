/**
 * Which alerts fire, on disk: `<DATA_DIR>/alerts.json`. Memory that is full is cured by a restart: only who remembers
 * that it was full can tell its receivers that it is over.
 */
import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';

/** An alert of an earlier life of the process that was not over at its end. */
export interface KeptAlert {
  readonly name: string;
  /** Epoch ms at which it began to fire. */
  readonly firedAtMs: number;
  /** Of its figure, when it was last told. */
  readonly value: number;
}

export class FiringFile {
  readonly #path: string;
  readonly #onFault: (error: unknown) => void;
  /** The newest that is not written yet. */
  #next: readonly KeptAlert[] | undefined;
  #writing: Promise<void> | undefined;

  /** @param onFault hears of what cannot be read or written: then a restart does not know what fired before it */
  constructor(path: string, onFault: (error: unknown) => void) {
    this.#path = path;
    this.#onFault = onFault;
  }

  /** For the start; none where there is no file, or none that is understood. */
  load(): readonly KeptAlert[] {
    try {
      return keptOf(JSON.parse(readFileSync(this.#path, 'utf8')));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#onFault(error);
      return [];
    }
  }

  /** Returns at once; of several that come during one write only the newest is written. */
  save(alerts: readonly KeptAlert[]): void {
    this.#next = alerts.map(({ name, firedAtMs, value }) => ({ name, firedAtMs, value }));
    this.#writing ??= this.#write();
  }

  /** Resolves when all is written, or cannot be. */
  async close(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#next !== undefined) {
      const text = JSON.stringify({ version: 1, firing: this.#next });
      this.#next = undefined;
      try {
        await writeFile(`${this.#path}.next`, `${text}\n`, { mode: 0o600 });
        await rename(`${this.#path}.next`, this.#path);
      } catch (error) {
        this.#onFault(error);
      }
    }
    this.#writing = undefined;
  }
}

/** @throws Error for another form */
function keptOf(file: unknown): readonly KeptAlert[] {
  const { version, firing } = file as { version?: unknown; firing?: unknown };
  const isKnown = version === 1 && Array.isArray(firing) && firing.every(isKept);
  if (!isKnown) throw new Error('alerts.json has a form that is not known');
  return firing;
}

function isKept(one: unknown): one is KeptAlert {
  const { name, firedAtMs, value } = (one ?? {}) as { readonly [field: string]: unknown };
  return typeof name === 'string' && [firedAtMs, value].every((number) => Number.isFinite(number));
}
