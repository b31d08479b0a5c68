/** A profile of an idle executor shows nothing: the command has to bring the load itself, and say what was busy. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ControlClient } from '../src/cli/control-client.js';
import type { OwnExecutor } from '../src/cli/own-executor.js';
import { readyOwnExecutor } from './support/ready-own-executor.js';
import { jsonOf, runHotslot } from './support/run-hotslot.js';

const TIMEOUT_MS = 60_000;

let root: string;
let executor: OwnExecutor;
let control: ControlClient;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'hotslot-profile-test-'));
  ({ executor, control } = await readyOwnExecutor(TIMEOUT_MS));
}, TIMEOUT_MS);
afterAll(async () => {
  await executor.stop();
  rmSync(root, { recursive: true, force: true });
});

it(
  'offers trades while it profiles, and writes a page and a profile with functions of the path',
  async () => {
    const args = ['profile', '--seconds', '1.5', '--rate', '60', '--dir', root, '--json'];
    const answer = await runHotslot(root, args, { HOTSLOT_URL: executor.controlUrl });
    expect(answer.code, answer.stderr).toBe(0);
    const { files, busiest } = jsonOf(answer);
    expect(busiest.length).toBeGreaterThan(0);
    const { trades } = (await control.get('/api/trades?limit=200')) as {
      trades: { intent: { clientOrderId: string } }[];
    };
    expect(trades.some(({ intent }) => intent.clientOrderId.startsWith('profile-'))).toBe(true);
    const { nodes } = JSON.parse(readFileSync(files.profile, 'utf8'));
    const urls = nodes.map((node: { callFrame: { url: string } }) => node.callFrame.url);
    expect(urls.some((url: string) => url.includes('/dist/'))).toBe(true);
    expect(readFileSync(files.html, 'utf8')).toContain('<div id="flame">');
  },
  TIMEOUT_MS,
);
