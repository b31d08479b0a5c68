import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** Compiled tests lie two folders below the root. */
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1]!);
  return specifiers.map((specifier) => relative(ROOT, resolve(ROOT, dirname(file), specifier)));
}

function crossings(
  from: readonly string[],
  isForbidden: (target: string, file: string) => boolean,
): string[] {
  return from.flatMap((file) =>
    importsOf(file)
      .filter((target) => isForbidden(target, file))
      .map((target) => `${file} → ${target}`),
  );
}

const inFolder = (folder: string) => (target: string) => target.startsWith(`${folder}/`);

describe('the structure that design promises', () => {
  const executor = [...sources('src'), ...sources('workers')];
  const cluster = sources('localnet');

  it('lets the executor import nothing of the embedded cluster', () => {
    expect(crossings(executor, inFolder('localnet'))).toEqual([]);
  });

  it('lets the embedded cluster import nothing of the executor', () => {
    expect(crossings(cluster, (target) => /^(src|workers)\//.test(target))).toEqual([]);
  });

  it('lets nothing import the process', () => {
    expect(crossings([...executor, ...cluster], (target) => target === 'src/trading.js')).toEqual([]);
  });

  it('keeps the stream free of markets and trades', () => {
    const known = /^src\/(stream|model|errors|time)\//;
    expect(crossings(sources('src/stream'), (target) => !known.test(target))).toEqual([]);
  });

  it('keeps markets free of input and output', () => {
    const io = /^src\/(stream|send|journal|control|threads)\//;
    expect(crossings(sources('src/market'), (target) => io.test(target))).toEqual([]);
    const modules = sources('src/market').filter((file) =>
      /from 'node:|from 'undici'/.test(readFileSync(join(ROOT, file), 'utf8')),
    );
    expect(modules).toEqual([]);
  });

  it('lets no stage of a trade or a pool update know of Redis', () => {
    const stages =
      'stream cache market risk schedule lifecycle threads transaction journal send confirm keys';
    const files = [...stages.split(' ').flatMap((stage) => sources(`src/${stage}`)), ...sources('workers')];
    expect(crossings(files, inFolder('src/redis'))).toEqual([]);
    const users = executor.filter((file) => /from 'ioredis'/.test(readFileSync(join(ROOT, file), 'utf8')));
    expect(users.filter((file) => !file.startsWith('src/redis/'))).toEqual([]);
  });

  it('keeps threads in threads and workers', () => {
    const users = executor.filter((file) =>
      /from '(piscina|node:worker_threads)'/.test(readFileSync(join(ROOT, file), 'utf8')),
    );
    expect(users.filter((file) => !/^(src\/threads|workers)\//.test(file))).toEqual([]);
  });

  it("makes directories without Node's recursive mkdir, which may never come back", () => {
    const isUser = (file: string) => /mkdir(Sync)?\(.*recursive/.test(readFileSync(join(ROOT, file), 'utf8'));
    expect(executor.filter(isUser)).toEqual([]);
  });

  it('holds no file that is a copy of another', () => {
    const byContent = new Map<string, string>();
    const copies: string[] = [];
    for (const file of [...executor, ...cluster]) {
      const content = readFileSync(join(ROOT, file), 'utf8').replace(/\s+/g, ' ');
      const twin = byContent.get(content);
      if (twin !== undefined) copies.push(`${file} = ${twin}`);
      byContent.set(content, file);
    }
    expect(copies).toEqual([]);
  });
});
