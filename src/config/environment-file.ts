/** `.env`: NAME=value lines. The process's own environment goes before it. */
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/**
 * @returns nothing where there is no such file
 * @throws what the file system throws for one that may not be read: nobody is to go on without settings that there are
 */
export function readEnvironmentFile(path: string): { readonly [name: string]: string | undefined } {
  try {
    return parseEnv(readFileSync(path, 'utf8')) as { [name: string]: string };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}
