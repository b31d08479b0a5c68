/**
 * `denylist`: the mints that may not be traded, in the file that the executor reads. After a change a running executor
 * is told to read it at once, and what is in force there is said.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { loadConfig } from '../../config/config.js';
import { mintListPaths } from '../../config/mint-list-paths.js';
import type { MintListsView } from '../../control/operations.js';
import { replaceFile, systemFs } from '../../journal/journal-fs.js';
import { makeDirectory } from '../../make-directory.js';
import { addressArgument } from '../address-argument.js';
import { ControlError, controlClient } from '../control-client.js';
import { type CommandResult, defineCommand } from '../define-command.js';
import { commandEnvironment, type Environment } from '../environment.js';
import { EXIT } from '../exit-codes.js';

export function denylistCommand(): Command {
  return new Command('denylist')
    .description('show or change the mints that may not be traded (DENYLIST_FILE)')
    .addCommand(defineCommand('list', 'show it', async () => told(denylistPath(commandEnvironment()))))
    .addCommand(defineCommand('add <mint>', 'deny a mint', async (_options, mint) => change(mint!, true)))
    .addCommand(
      defineCommand('remove <mint>', 'allow a mint again', async (_options, mint) => change(mint!, false)),
    )
    .addCommand(defineCommand('reload', 'let the running executor read it now', reload));
}

function denylistPath(environment: Environment): string {
  return mintListPaths(loadConfig(environment)).denyPath;
}

function linesIn(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
}

const mintOf = (line: string) => line.replace(/#.*/, '').trim();

function mintsIn(path: string): string[] {
  return linesIn(path)
    .map(mintOf)
    .filter((mint) => mint !== '');
}

function told(path: string): CommandResult {
  const mints = mintsIn(path);
  return {
    exitCode: EXIT.ok,
    json: { path, mints },
    lines: mints.length === 0 ? [`${path}: nothing is denied.`] : mints,
  };
}

/** Comments and order stay as they are. */
async function change(mint: string, isDenied: boolean): Promise<CommandResult> {
  const environment = commandEnvironment();
  const path = denylistPath(environment);
  // What is in the file can be taken out, whatever it is.
  if (isDenied || !linesIn(path).some((line) => mintOf(line) === mint)) addressArgument(mint);
  const others = linesIn(path).filter((line) => mintOf(line) !== mint);
  while (others.at(-1) === '') others.pop();
  const lines = isDenied ? [...others, mint] : others;
  makeDirectory(dirname(path));
  replaceFile(systemFs, dirname(path), path, Buffer.from(lines.map((line) => `${line}\n`).join('')));
  const inForce = await tellExecutor(environment);
  const { json, lines: mints } = told(path);
  const fault = inForce === undefined ? undefined : faultOf(inForce, path);
  return {
    exitCode: fault === undefined ? EXIT.ok : EXIT.bad,
    json: { ...(json as object), executor: inForce ?? null },
    lines: [...mints, fault ?? inForceLine(inForce)],
  };
}

async function reload(): Promise<CommandResult> {
  const environment = commandEnvironment();
  const inForce = (await controlClient(environment).post('/api/mint-lists/reload')) as MintListsView;
  const fault = faultOf(inForce, denylistPath(environment));
  return {
    exitCode: fault === undefined ? EXIT.ok : EXIT.bad,
    json: inForce,
    lines: [fault ?? inForceLine(inForce)],
  };
}

/** Undefined where none runs, or it is only starting: it reads the file by itself then. */
async function tellExecutor(environment: Environment): Promise<MintListsView | undefined> {
  try {
    return (await controlClient(environment).post('/api/mint-lists/reload')) as MintListsView;
  } catch (error) {
    const isRunning =
      error instanceof ControlError && error.status !== undefined && error.code !== 'NOT_READY';
    if (error instanceof ControlError && !isRunning) return undefined;
    throw error;
  }
}

/** What keeps the executor from having the file's content in force. */
function faultOf(inForce: MintListsView, path: string): string | undefined {
  if (inForce.fault !== null) return `The executor keeps what it had: ${inForce.fault}`;
  if (inForce.deny?.path === resolve(path)) return undefined;
  return `The executor reads another file: ${inForce.deny?.path ?? 'none'}`;
}

function inForceLine(inForce: MintListsView | undefined): string {
  if (inForce === undefined) return 'No executor runs yet; the next one reads it.';
  return `In force in the executor: ${inForce.deny?.mints ?? 0} denied.`;
}
