/** The committed binary is what its sources compile to, and tells nothing of the machine that compiled it. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { buildCpmm, COMPILER, hasCompiler, recordedHash, sha256 } from '../../localnet/programs/build.js';
import { readProgramObject } from '../../localnet/programs/elf-object.js';
import { cpmmBinaryPath, packageRoot } from '../../localnet/programs/paths.js';

describe('cpmm.so', () => {
  test('has the recorded hash', () => {
    expect(sha256(readFileSync(cpmmBinaryPath()))).toBe(recordedHash());
  });

  const compiler = hasCompiler();
  test.skipIf(!compiler)(
    `is what the sources compile to${compiler ? '' : ` (skipped: ${COMPILER} is not installed)`}`,
    () => {
      expect(sha256(buildCpmm())).toBe(recordedHash());
    },
  );

  test('holds no path', () => {
    const text = readFileSync(cpmmBinaryPath(), 'latin1');
    for (const part of [packageRoot(), '/tmp/', '/home/', '/usr/', '.c\0']) expect(text).not.toContain(part);
  });
});

test('the linker refuses what is no object file', () => {
  expect(() => readProgramObject(Buffer.alloc(64))).toThrow('no section names');
});
