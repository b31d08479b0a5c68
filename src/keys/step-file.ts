/** What a rotation has signed and not seen the end of: written before it is sent, so that a crash sends nothing twice. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile, systemFs } from '../journal/journal-fs.js';

const stepSchema = z.object({
  signature: z.string(),
  lastValidBlockHeight: z.number(),
  /** Base64; a signed transaction is no secret. */
  wire: z.string(),
});

export type PendingStep = z.output<typeof stepSchema>;

export class StepFile {
  readonly #directory: string;
  readonly #path: string;

  constructor(directory: string, keyName: string) {
    this.#directory = directory;
    this.#path = join(directory, `${keyName}.json`);
  }

  /** @throws Error where the file is there and cannot be understood: what it says may be on its way */
  read(): PendingStep | undefined {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    return stepSchema.parse(JSON.parse(text));
  }

  write(step: PendingStep): void {
    replaceFile(systemFs, this.#directory, this.#path, Buffer.from(`${JSON.stringify(step)}\n`));
  }

  clear(): void {
    rmSync(this.#path, { force: true });
  }
}
