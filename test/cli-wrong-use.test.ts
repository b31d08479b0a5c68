/** Wrong use once ended with 1, which says "done and not well", and an unknown verb printed the whole help. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonOf, runHotslot } from './support/run-hotslot.js';

const ENTRY = fileURLToPath(new URL('../src/cli/hotslot.js', import.meta.url));
const NOT_DONE = 2;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'hotslot-wrong-use-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const hotslot = (...args: string[]) => runHotslot(directory, args);

describe('wrong use of the command line', () => {
  it('is told in two lines, with the nearest name and where help is, and ends with 2', async () => {
    const cases: readonly (readonly [readonly string[], string, string])[] = [
      [['statsu'], "unknown command 'statsu' (Did you mean status?)", 'hotslot --help'],
      [['status', '--jsn'], "unknown option '--jsn' (Did you mean --json?)", 'hotslot status --help'],
      [['validate-token'], "missing required argument 'mint'", 'hotslot validate-token --help'],
      [['trades', '--limit', '0'], '1 to 1000', 'hotslot trades --help'],
      [['status', 'too', 'many'], 'too many arguments', 'hotslot status --help'],
      [['keys', 'lst'], "unknown command 'lst' (Did you mean list?)", 'hotslot keys --help'],
      [['keys', 'verify'], "missing required argument 'name'", 'hotslot keys verify --help'],
    ];
    const answers = await Promise.all(cases.map(([args]) => hotslot(...args)));
    for (const [index, [args, fault, help]] of cases.entries()) {
      const { code, stdout, stderr } = answers[index]!;
      const lines = stderr.trimEnd().split('\n');
      expect([args, code, stdout, lines.length]).toEqual([args, NOT_DONE, '', 2]);
      expect(lines[0]).toContain(fault);
      expect(lines[1]).toBe(`See: ${help}`);
    }
  });

  it('ends with 2 too where nobody reads what it says', async () => {
    const child = spawn(process.execPath, [ENTRY, 'statsu'], { cwd: directory });
    child.stderr.destroy();
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(NOT_DONE);
  });

  it('has its object with --json, and no verb at all is wrong use too, with the help', async () => {
    const [json, none, half] = await Promise.all([
      hotslot('trades', '--limit', 'x', '--json'),
      hotslot(),
      hotslot('keys'),
    ]);
    expect([json.code, none.code, half.code]).toEqual([NOT_DONE, NOT_DONE, NOT_DONE]);
    expect(jsonOf(json).error).toContain('1 to 1000');
    expect(none.stderr).toContain('validate-token');
    expect(half.stderr).toContain('rotate');
  });
});
