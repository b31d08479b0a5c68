/**
 * `backup` and `backup verify`: journal, archive, kill switch, profit and loss, mint lists, and the encrypted keystore.
 * The passphrase stays where it is: beside the keystore it would make the encryption worthless. The index is made anew
 * from the journal, and the embedded cluster's ledger is nobody's money.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type Config, loadConfig } from '../../config/config.js';
import { systemFs } from '../../journal/journal-fs.js';
import { readSegment } from '../../journal/record-codec.js';
import { listSegments, segmentPath } from '../../journal/segments.js';
import { listKeystore } from '../../keys/keystore.js';
import { makeDirectory } from '../../make-directory.js';
import { ARCHIVE, copyBackup, JOURNAL, KEYSTORE, MODE_FILE, MODE_FOLDER } from '../backup-copy.js';
import { digestOf, MANIFEST, type Manifest, manifestSchema } from '../backup-manifest.js';
import { type CommandResult, defineCommand } from '../define-command.js';
import { commandEnvironment } from '../environment.js';
import { EXIT } from '../exit-codes.js';
import { withProgress } from '../output.js';

export function backupCommand(): Command {
  return defineCommand<{ to: string }>(
    'backup',
    'copy what must not be lost, while the executor runs or not',
    ({ to }) => withProgress('Copying', backup(loadConfig(commandEnvironment()), to)),
    (command) => command.option('--to <folder>', 'where backups are kept', 'backups'),
  ).addCommand(
    defineCommand('verify <backup>', 'prove that a backup is whole and can be read', (_options, path) =>
      withProgress('Checking', verify(path!)),
    ),
  );
}

async function backup(config: Config, to: string): Promise<CommandResult> {
  const takenAtMs = Date.now();
  const name = `hotslot-${new Date(takenAtMs).toISOString().replaceAll(/[:.]/g, '-')}`;
  const target = join(to, name);
  makeDirectory(target, MODE_FOLDER);
  const files = await copyBackup(config, target);
  const manifest: Manifest = { format: 'hotslot-backup', version: 1, takenAtMs, files };
  writeFileSync(join(target, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`, { mode: MODE_FILE });
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return {
    exitCode: EXIT.ok,
    json: { path: target, files: files.length, bytes },
    lines: [`${files.length} files, ${bytes} bytes: ${target}`],
  };
}

async function verify(path: string): Promise<CommandResult> {
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(path, MANIFEST), 'utf8')));
  const problems: string[] = [];
  for (const { path: name, bytes, sha256 } of manifest.files) {
    const file = join(path, name);
    const found = existsSync(file) ? (await stat(file)).size : -1;
    if (found !== bytes || (await digestOf(file, bytes)) !== sha256)
      problems.push(`${name} is not what was copied.`);
  }
  let records = 0;
  if (problems.length === 0) {
    for (const folder of [JOURNAL, ARCHIVE]) records += journalRecords(join(path, folder), problems);
    if (manifest.files.some((file) => file.path === KEYSTORE)) await listKeystore(join(path, KEYSTORE));
  }
  return {
    exitCode: problems.length === 0 ? EXIT.ok : EXIT.bad,
    json: { path, files: manifest.files.length, records, whole: problems.length === 0, problems },
    lines:
      problems.length === 0
        ? [`Whole: ${manifest.files.length} files, ${records} journal records.`]
        : problems,
  };
}

/** A last record that was being written is no damage. */
function journalRecords(directory: string, problems: string[]): number {
  let records = 0;
  for (const segment of listSegments(systemFs, directory)) {
    for (const stretch of readSegment(systemFs.read(segmentPath(directory, segment)))) {
      if (stretch.kind === 'record') records += 1;
      else if (!stretch.isCut) problems.push(`Segment ${segment} is damaged at byte ${stretch.offset}.`);
    }
  }
  return records;
}
