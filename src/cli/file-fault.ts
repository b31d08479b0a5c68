/** What the system says of a file, in words: its own text is for programmers, and names the file last. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';

const FAULTS: { readonly [code: string]: string } = {
  ENOENT: 'is not there',
  ENOTDIR: 'is not in a directory',
  EEXIST: 'is there already',
  EACCES: 'is not open to this user',
};

/** Undefined for an error that is of no file, or of a kind that is rare enough for the system's own text. */
export function fileFault(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, path } = error as NodeJS.ErrnoException;
  const fault = code === undefined ? undefined : FAULTS[code];
  if (fault === undefined || path === undefined) return undefined;
  const directory = dirname(path);
  // Where a file was to be written, it is the directory that is missing.
  return code === 'ENOENT' && !existsSync(directory)
    ? `the directory ${directory} ${fault}`
    : `${path} ${fault}`;
}
