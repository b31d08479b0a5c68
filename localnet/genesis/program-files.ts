/** Finds and reads the program binaries of a genesis. */
import { readFileSync } from 'node:fs';
import { cpmmBinaryPath } from '../programs/paths.js';
import { isAddress } from './account-files.js';
import { CPMM_PROGRAM } from './addresses.js';
import type { Genesis, GenesisOptions } from './types.js';

const ELF_MAGIC = Buffer.from('\x7fELF', 'latin1');

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
