/** `.env`: NAME=value lines. The process's own environment goes before it. */
import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/** @returns nothing where there is no such file */
export function readEnvironmentFile(path: string): { readonly [name: string]: string | undefined } {
  return existsSync(path) ? (parseEnv(readFileSync(path, 'utf8')) as { [name: string]: string }) : {};
}
