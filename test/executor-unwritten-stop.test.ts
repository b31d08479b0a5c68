/** A stop that the disk did not take is in force, and does all that a stop does. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { engageKillSwitch } from '../src/executor/engage-kill-switch.js';
import { type JournalFs, systemFs } from '../src/journal/journal-fs.js';
import { KillSwitch } from '../src/risk/kill-switch.js';
import { DeskRig } from './support/desk-rig.js';

it('cancels what is queued', async () => {
  const root = mkdtempSync(join(tmpdir(), 'hotslot-stop-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const files: JournalFs = {
    ...systemFs,
    rename() {
      throw new Error('ENOSPC');
    },
  };
  const rig = new DeskRig();
  const killSwitch = new KillSwitch({ path: join(root, 'kill-switch.json'), clock: rig.clock, files });
  await rig.sent();
  const queued = rig.submit();
  const parts = { killSwitch, desk: rig.desk, redis: undefined };
  await expect(engageKillSwitch(parts, 'drain', 'test', 'http')).rejects.toThrow('written down');
  expect(queued.state).toBe('queued');
  await expect(engageKillSwitch(parts, 'stop', 'test', 'http')).rejects.toThrow('written down');
  expect([queued.state, killSwitch.grade]).toEqual(['cancelled', 'stop']);
});
