/** The package as those see it who import it: by its name, through `exports` in package.json. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import * as hotslot from '../src/index.js';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const manifest = JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8')) as {
  readonly name: string;
  readonly version: string;
  readonly exports: { readonly [name: string]: string };
};

it('is what package.json says, and has the version of package.json', async () => {
  expect(manifest.exports['.']).toBe('./dist/src/index.js');
  const imported: unknown = await import(resolve(ROOT, manifest.exports['.'] ?? ''));
  expect(Object.keys(imported as object)).toEqual(Object.keys(hotslot));
  expect(hotslot.VERSION).toBe(manifest.version);
});

it('reads a configuration, checks a request and knows its errors', () => {
  const config = hotslot.loadConfig({});
  expect(config.embedded).toBe(true);
  const defaults = { slippageBps: 100, deadlineMs: 1_000, validityBlocks: 150 };
  expect(() => hotslot.parseTradeRequest({ amount: '-1' }, defaults)).toThrow(hotslot.HotslotError);
  expect(hotslot.ERROR_CODES.KILL_SWITCH_ACTIVE.http).toBe(403);
  expect(typeof hotslot.startExecutor).toBe('function');
});

it('leads to the cluster by its own entry', async () => {
  const path = manifest.exports['./localnet'] ?? '';
  const cluster = (await import(resolve(ROOT, path))) as { readonly startCluster?: unknown };
  expect(typeof cluster.startCluster).toBe('function');
});
