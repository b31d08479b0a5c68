/**
 * What a rotation must know of itself after a crash, beside the keystore and the chain: that it was begun and not told
 * to be done, and what it has signed and not seen the end of. The latter is written before it is sent, so that nothing
 * is sent twice.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile, systemFs } from '../journal/journal-fs.js';
import { type Address, asAddress } from '../model/brands.js';

const stepSchema = z.object({
  signature: z.string(),
  lastValidBlockHeight: z.number(),
  /** Base64; a signed transaction is no secret. */
  wire: z.string(),
});

const fileSchema = z.object({ oldAddress: z.string().transform(asAddress), step: stepSchema.optional() });

export type PendingStep = z.output<typeof stepSchema>;

export class StepFile {
  readonly #directory: string;
  readonly #path: string;

  constructor(directory: string, keyName: string) {
    this.#directory = directory;
    this.#path = join(directory, `${keyName}.json`);
  }

  /** Address of the key that is being rotated; undefined where no rotation is open. */
  get oldAddress(): Address | undefined {
    return this.#load()?.oldAddress;
  }

  begin(oldAddress: Address): void {
    this.#store({ oldAddress });
  }

  /** The rotation is over and was told. */
  finish(): void {
    rmSync(this.#path, { force: true });
  }

  read(): PendingStep | undefined {
    return this.#load()?.step;
  }

  write(step: PendingStep): void {
    const open = this.#load();
    if (open === undefined) throw new Error('no rotation was begun');
    this.#store({ ...open, step });
  }

  clear(): void {
    const open = this.#load();
    if (open !== undefined) this.#store({ oldAddress: open.oldAddress });
  }

  #store(file: z.output<typeof fileSchema>): void {
    replaceFile(systemFs, this.#directory, this.#path, Buffer.from(`${JSON.stringify(file)}\n`));
  }

  /** @throws Error where the file is there and cannot be understood: what it says may be on its way */
  #load(): z.output<typeof fileSchema> | undefined {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    return fileSchema.parse(JSON.parse(text));
  }
}
