/** The directory that a cluster keeps its state in. */
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a directory with what is missing above it, each name tried once. Node's recursive `mkdir` (20.20) tries for ever
 * where the path is relative with more than one name in it and the working directory has been removed.
 * @throws what the file system throws: ENOENT where the working directory has been removed, EEXIST or ENOTDIR where a
 * file is in the way
 */
export function makeDirectory(dir: string): void {
  if (isDirectory(dir)) return;
  const parent = dirname(dir);
  if (parent !== dir) makeDirectory(parent);
  try {
    mkdirSync(dir);
  } catch (error) {
    // Another cluster may have been quicker.
    if (!isDirectory(dir)) throw error;
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
