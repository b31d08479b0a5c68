/** By which name an executor is known to the others on its Redis. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory } from '../make-directory.js';

const ID = /^[a-z0-9-]{1,64}$/;
const RANDOM_BYTES = 6;

/**
 * The name in `<DATA_DIR>/executor-id`, made at the first start: it stays with the data directory, as the journal and
 * the wallets' trades do. A name that is not of the form is replaced.
 */
export function executorIdOf(dataDir: string): string {
  const path = join(dataDir, 'executor-id');
  const known = readIfThere(path)?.trim();
  if (known !== undefined && ID.test(known)) return known;
  const id = `hotslot-${randomBytes(RANDOM_BYTES).toString('hex')}`;
  makeDirectory(dataDir, 0o700);
  writeFileSync(path, `${id}\n`, { mode: 0o600 });
  return id;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
