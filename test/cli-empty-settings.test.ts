/** A line `API_TOKEN=` in `.env` is no token for the executor; the commands once showed it an empty one, and were refused. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { controlToken, controlUrl } from '../src/cli/control-client.js';
import { jsonOf, runHotslot } from './support/run-hotslot.js';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'hotslot-empty-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('an empty setting is none', () => {
  expect(controlToken({ API_TOKEN: '', API_TOKEN_TRADE: '', API_TOKEN_READ: 'read' })).toBe('read');
  expect(controlToken({ API_TOKEN: '' })).toBeUndefined();
  expect(controlUrl({ HOTSLOT_URL: '', DATA_DIR: directory })).toBe('http://127.0.0.1:3000');
});

it('HOTSLOT_URL in .env is no misspelt setting', async () => {
  writeFileSync(join(directory, '.env'), 'HOTSLOT_URL=http://127.0.0.1:1\nAPI_TOKN=x\n');
  const checked = await runHotslot(directory, ['config', 'validate', '--json']);
  expect(jsonOf(checked).unknown).toEqual(['API_TOKN']);
});
