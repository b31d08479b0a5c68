/** `denylist`: the mints that may not be traded, in the file that the executor reads again when it changes. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command } from 'commander';
import { loadConfig } from '../../config/config.js';
import { HotslotError } from '../../errors/hotslot-error.js';
import { replaceFile, systemFs } from '../../journal/journal-fs.js';
import { type CommandResult, defineCommand } from '../define-command.js';
import { commandEnvironment } from '../environment.js';
import { EXIT } from '../exit-codes.js';

const ADDRESS = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/;

export function denylistCommand(): Command {
  return new Command('denylist')
    .description('show or change the mints that may not be traded (DENYLIST_FILE)')
    .addCommand(defineCommand('list', 'show it', async () => told(denylistPath())))
    .addCommand(defineCommand('add <mint>', 'deny a mint', async (_options, mint) => change(mint!, true)))
    .addCommand(
      defineCommand('remove <mint>', 'allow a mint again', async (_options, mint) => change(mint!, false)),
    );
}

function denylistPath(): string {
  const path = loadConfig(commandEnvironment()).DENYLIST_FILE;
  if (path === undefined) throw new HotslotError('CONFIG_INVALID', { detail: 'DENYLIST_FILE is not set.' });
  return path;
}

function linesIn(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
}

const mintOf = (line: string) => line.replace(/#.*/, '').trim();

/** Comments and order stay as they are. */
function change(mint: string, isDenied: boolean): CommandResult {
  if (!ADDRESS.test(mint)) throw new Error('the mint must be a base58 address');
  const path = denylistPath();
  const others = linesIn(path).filter((line) => mintOf(line) !== mint);
  while (others.at(-1) === '') others.pop();
  const lines = isDenied ? [...others, mint] : others;
  replaceFile(systemFs, dirname(path), path, Buffer.from(lines.map((line) => `${line}\n`).join('')));
  return told(path);
}

function told(path: string): CommandResult {
  const mints = linesIn(path)
    .map(mintOf)
    .filter((mint) => mint !== '');
  return {
    exitCode: EXIT.ok,
    json: { path, mints },
    lines: mints.length === 0 ? [`${path}: nothing is denied.`] : mints,
  };
}
