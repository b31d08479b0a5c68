/** A read that failed, as in the middle of a build, is not what everybody gets until the next start. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { openApiRoute } from '../src/control/openapi-route.js';

it('is read again by whoever asks next, and then kept', async () => {
  const root = mkdtempSync(join(tmpdir(), 'hotslot-openapi-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const file = join(root, 'openapi.json');
  const { handler } = openApiRoute(pathToFileURL(file));
  const ask = async () => handler({} as Parameters<typeof handler>[0]);
  await expect(ask()).rejects.toMatchObject({ code: 'ENOENT' });
  writeFileSync(file, '{}');
  const first = await ask();
  rmSync(file);
  expect(await ask()).toEqual(first);
});
