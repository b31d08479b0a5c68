/** A start reads one file where it read hundreds; what it reads must be what was compiled, and be found in its sources. */
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const DIST = fileURLToPath(new URL('../', import.meta.url));
const ROOT = resolve(DIST, '..');
const BUNDLES = [
  ['src/executor-process.js', 'src/executor/executor.ts'],
  ['workers/signer.js', 'src/transaction/prepared-message.ts'],
  ['localnet/cli-main.js', 'localnet/cluster.ts'],
  ['localnet/engine/engine-worker.js', 'localnet/engine/engine.ts'],
] as const;
const { dependencies } = JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8')) as {
  readonly dependencies: { readonly [name: string]: string };
};
const packageOf = (specifier: string) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

describe.each(BUNDLES)('%s', (file, source) => {
  const text = readFileSync(resolve(DIST, file), 'utf8');

  it('imports nothing but its own chunks, Node and packages that are installed with it', () => {
    const specifiers = [...text.matchAll(/^import (?:[^;'"]* from )?"([^"]+)";$/gm)].map(
      (match) => match[1]!,
    );
    const others = specifiers.filter(
      (specifier) =>
        !/^\.\/bundle-[A-Z0-9]+\.js$/.test(specifier) &&
        !specifier.startsWith('node:') &&
        !builtinModules.includes(specifier) &&
        dependencies[packageOf(specifier)] === undefined,
    );
    expect(specifiers.length).toBeGreaterThan(0);
    expect(others).toEqual([]);
  });

  it('has a map that leads to the sources', () => {
    const map = JSON.parse(readFileSync(resolve(DIST, `${file}.map`), 'utf8')) as {
      readonly sources: string[];
    };
    const folder = resolve(DIST, file, '..');
    expect(map.sources.map((path) => resolve(folder, path))).toContain(resolve(ROOT, source));
  });
});
