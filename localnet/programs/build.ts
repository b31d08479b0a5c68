/**
 * Builds the AMM: `node dist/localnet/programs/build.js` compiles cpmm.c with Debian's clang-14, links it, and
 * rewrites cpmm.so and its hash. With `--check` it writes nothing and fails where the hash differs.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { readProgramObject } from './elf-object.js';
import { linkSharedObject } from './elf-shared-object.js';
import { cpmmBinaryPath, cpmmHashPath, programDir } from './paths.js';

/** Another version may choose other instructions, so the hash holds for this one. */
export const COMPILER = 'clang-14';
const SOURCE = 'cpmm.c';
const COMPILE_TIMEOUT_MS = 120_000;
const FLAGS = [
  '-target',
  'bpf',
  '-mcpu=v2', // 64-bit operations only, which is what the loader's version 0 knows
  '-O2',
  '-std=c11',
  '-fno-builtin', // no calls of memcpy and its like
  '-fno-jump-tables', // those would need .rodata
  '-Wall',
  '-Wextra',
  '-Werror',
];

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Whether this machine has the compiler. */
export function hasCompiler(): boolean {
  return spawnSync(COMPILER, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** The hash that the committed binary must have. */
export function recordedHash(): string {
  return readFileSync(cpmmHashPath(), 'utf8').split(' ')[0]!;
}

/** Compiles and links the AMM. Throws Error with the compiler's messages. */
export function buildCpmm(): Buffer {
  const dir = mkdtempSync(path.join(tmpdir(), 'hotslot-cpmm-'));
  try {
    const object = path.join(dir, 'cpmm.o');
    // Run in the source's folder, so that no path of the machine can reach the object.
    const run = spawnSync(COMPILER, [...FLAGS, '-c', SOURCE, '-o', object], {
      cwd: programDir(),
      encoding: 'utf8',
      timeout: COMPILE_TIMEOUT_MS,
    });
    if (run.error) throw new Error(`${COMPILER} could not be run`, { cause: run.error });
    if (run.status !== 0) throw new Error(`${COMPILER} failed:\n${run.stderr}`);
    return linkSharedObject(readProgramObject(readFileSync(object)));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function main(args: readonly string[]): void {
  const binary = buildCpmm();
  const hash = sha256(binary);
  if (args.includes('--check')) {
    if (hash !== recordedHash()) throw new Error(`built ${hash}, recorded ${recordedHash()}`);
    process.stdout.write(`cpmm.so matches its sources: ${hash}\n`);
    return;
  }
  writeFileSync(cpmmBinaryPath(), binary);
  writeFileSync(cpmmHashPath(), `${hash}  cpmm.so\n`);
  process.stdout.write(`cpmm.so: ${binary.length} bytes, sha256 ${hash}\n`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  main(process.argv.slice(2));
}
