/** Where the programs lie. Compiled code runs from dist/, the C sources and the binary stay beside their source. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json, above this file in either tree. */
export function packageRoot(): string {
  for (let dir = path.dirname(fileURLToPath(import.meta.url)); ; dir = path.dirname(dir)) {
    if (existsSync(path.join(dir, 'package.json'))) return dir;
    if (dir === path.dirname(dir)) throw new Error('package.json was not found above the cluster');
  }
}

export function programDir(): string {
  return path.join(packageRoot(), 'localnet', 'programs');
}

/** The committed binary of the cluster's own AMM. */
export function cpmmBinaryPath(): string {
  return path.join(programDir(), 'cpmm.so');
}

/** Beside it, the sha256 of that binary as `sha256sum` writes it. */
export function cpmmHashPath(): string {
  return path.join(programDir(), 'cpmm.so.sha256');
}
