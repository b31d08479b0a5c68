/** Directories with what is missing above them, in bounded steps. */
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * As `mkdir -p` does it. Node's own recursive one (seen with 20.20) never comes back, and takes a whole processor, where
 * the path is relative with more than one name in it and the working directory was removed.
 * @param mode of the directories that it makes
 * @throws what the file system throws; ENOENT in a working directory that was removed
 */
export function makeDirectory(path: string, mode = 0o777): void {
  try {
    makeOne(path, mode);
  } catch (error) {
    const parent = dirname(path);
    const isAtTop = parent === path || parent === '.';
    if (isAtTop || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    makeDirectory(parent, mode);
    makeOne(path, mode);
  }
}

/** One that is there already is as good, whoever made it. */
function makeOne(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST' && statSync(path).isDirectory();
    if (!isThere) throw error;
  }
}
