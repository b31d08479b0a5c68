/** Finds and reads the program binaries of a genesis. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isAddress } from './account-files.js';
import { CPMM_PROGRAM } from './addresses.js';
import type { Genesis, GenesisOptions } from './types.js';

const ELF_MAGIC = Buffer.from('\x7fELF', 'latin1');

/** The folder of package.json: compiled code lies one level deeper than its source, assets lie beside the source. */
function packageRoot(): string {
  for (let dir = path.dirname(fileURLToPath(import.meta.url)); ; dir = path.dirname(dir)) {
    if (existsSync(path.join(dir, 'package.json'))) return dir;
    if (dir === path.dirname(dir)) throw new Error('package.json was not found above the genesis code');
  }
}

/** The committed binary of the cluster's own AMM. */
export function cpmmBinaryPath(): string {
  return path.join(packageRoot(), 'localnet', 'programs', 'cpmm.so');
}

function readProgram(id: string, file: string): { id: string; bytes: Uint8Array } {
  if (!isAddress(id)) throw new Error(`program id ${id} is not a base58 address`);
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw new Error(`program file ${file} could not be read`, { cause });
  }
  if (!bytes.subarray(0, ELF_MAGIC.length).equals(ELF_MAGIC)) {
    throw new Error(`program file ${file} is not an ELF shared object`);
  }
  return { id, bytes: new Uint8Array(bytes) };
}

/** The AMM, then the programs asked for; asking for the AMM's id replaces it. Throws Error naming a bad file. */
export function readPrograms(asked: GenesisOptions['programs']): Genesis['programs'] {
  const files = new Map([[CPMM_PROGRAM, cpmmBinaryPath()]]);
  for (const { id, file } of asked) files.set(id, file);
  return [...files].map(([id, file]) => readProgram(id, file));
}
