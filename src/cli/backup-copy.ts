/** What a backup holds, and the copying of it while the executor goes on. */
import { createWriteStream, existsSync, rmSync } from 'node:fs';
import { open, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Config } from '../config/config.js';
import { mintListPaths } from '../config/mint-list-paths.js';
import { archiveDirectoryOf } from '../journal/compaction.js';
import { makeDirectory } from '../make-directory.js';
import { digestOf, type Manifest } from './backup-manifest.js';

/** Names in a backup, and in a data directory. */
export const JOURNAL = 'journal';
export const ARCHIVE = archiveDirectoryOf(JOURNAL);
export const KEYSTORE = 'keystore.json';
export const MODE_FILE = 0o600;
export const MODE_FOLDER = 0o700;
const STATE_FILES = ['kill-switch.json', 'pnl.json'];
const DENYLIST = 'denylist.txt';
const ALLOWLIST = 'allowlist.txt';
/** A compaction may take segments away while they are copied. */
const TRIES = 3;

type Sources = readonly (readonly [from: string, to: string])[];
type SourceConfig = Pick<Config, 'DATA_DIR' | 'KEYSTORE_PATH' | 'DENYLIST_FILE' | 'ALLOWLIST_FILE'>;

/**
 * Copies all that a backup holds into an empty folder.
 * @param copy of one file; passed in so that tests can compact the journal in between
 * @returns what the manifest says of them
 * @throws what the file system throws; ENOENT where files went away in each of the tries
 */
export async function copyBackup(
  config: SourceConfig,
  target: string,
  copy = copyFile,
): Promise<Manifest['files']> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await copyAll(config, target, copy);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt >= TRIES) throw error;
      rmSync(target, { recursive: true });
      makeDirectory(target, MODE_FOLDER);
    }
  }
}

/**
 * The archive is listed once the journal's segments are copied: trades that a compaction moves meanwhile are then in
 * those, in the archive, or the same records in both. Listed before, it would lack them where the segments do too.
 */
async function copyAll(
  config: SourceConfig,
  target: string,
  copy: typeof copyFile,
): Promise<Manifest['files']> {
  const files: Manifest['files'] = [];
  const copyEach = async (sources: Sources) => {
    for (const [from, to] of sources) {
      const path = join(target, to);
      const bytes = await copy(from, path);
      files.push({ path: to, bytes, sha256: await digestOf(path, bytes) });
    }
  };
  await copyEach(singleFiles(config));
  await copyEach(await filesIn(config.DATA_DIR, JOURNAL));
  await copyEach(await filesIn(config.DATA_DIR, ARCHIVE));
  return files;
}

/**
 * Length and content are of the file that was opened, also where a compaction puts another in its place. What is
 * appended from then on belongs to the next backup.
 * @returns bytes copied
 */
export async function copyFile(from: string, to: string): Promise<number> {
  makeDirectory(dirname(to), MODE_FOLDER);
  const source = await open(from);
  try {
    const { size } = await source.stat();
    if (size === 0) await writeFile(to, '', { mode: MODE_FILE });
    else
      await pipeline(
        source.createReadStream({ start: 0, end: size - 1, autoClose: false }),
        createWriteStream(to, { mode: MODE_FILE }),
      );
    return size;
  } finally {
    await source.close();
  }
}

function singleFiles(config: SourceConfig): Sources {
  const { DATA_DIR, KEYSTORE_PATH } = config;
  const { denyPath, allowPath } = mintListPaths(config);
  const sources: Sources = [
    [KEYSTORE_PATH ?? join(DATA_DIR, KEYSTORE), KEYSTORE],
    ...STATE_FILES.map((name) => [join(DATA_DIR, name), name] as const),
    [denyPath, DENYLIST],
    ...(allowPath === undefined ? [] : [[allowPath, ALLOWLIST] as const]),
  ];
  return sources.filter(([from]) => existsSync(from));
}

async function filesIn(dataDir: string, folder: string): Promise<Sources> {
  const directory = join(dataDir, folder);
  if (!existsSync(directory)) return [];
  const entries = await readdir(directory, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.tmp'))
    .map(({ name }) => [join(directory, name), join(folder, name)]);
}
