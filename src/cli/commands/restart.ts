/** `restart:trading`, `restart:graceful` and `restart:accounts`. */
import type { Command } from 'commander';
import { keepRunningCluster } from '../../embedded/open-localnet.js';
import { controlClient } from '../control-client.js';
import { type CommandResult, defineCommand } from '../define-command.js';
import { commandEnvironment, dataDirOf, type Environment } from '../environment.js';
import { EXIT } from '../exit-codes.js';
import { note, withProgress } from '../output.js';
import { type DetachedStart, endExecutor, findExecutor, startDetached } from '../running-executor.js';
import { checkStart } from '../start-check.js';

interface Options {
  readonly graceful: boolean;
  readonly accounts: boolean;
}

export function restartCommand(): Command {
  return defineCommand<Options>(
    'restart',
    'end the executor and start another in the background, with the environment of this command and .env',
    ({ graceful, accounts }) => {
      const environment = commandEnvironment();
      if (accounts) return restartAccounts(environment);
      return graceful ? restartGracefully(environment) : restartAtOnce(environment);
    },
    (command) =>
      command
        .option('--graceful', 'the new one warms up first and takes over what is live', false)
        .option('--accounts', 'no new process: locks and account state are built anew', false),
  );
}

async function restartAtOnce(environment: Environment): Promise<CommandResult> {
  const dataDir = dataDirOf(environment);
  await checkStart(environment);
  // Whoever keeps the embedded cluster while nobody else does lets the next one find it.
  const keep = await keepRunningCluster(dataDir);
  try {
    const old = await findExecutor(dataDir);
    if (old === undefined) note('No executor runs; starting one.');
    else await withProgress(`Waiting for the end of ${old.pid}`, endExecutor(old.pid));
    return told(await withProgress('Starting', startDetached(environment, [])), old?.pid);
  } finally {
    keep?.leave();
  }
}

async function restartGracefully(environment: Environment): Promise<CommandResult> {
  const old = await findExecutor(dataDirOf(environment));
  if (old === undefined) note('No executor runs; starting one.');
  return told(await withProgress('Taking over', startDetached(environment, ['--successor'])), old?.pid);
}

function told({ run, ready, waitingFor }: DetachedStart, oldPid: number | undefined): CommandResult {
  const state = ready ? 'ready' : `not ready, waiting for ${waitingFor.join(', ')}`;
  return {
    exitCode: ready ? EXIT.ok : EXIT.bad,
    json: { oldPid, pid: run.pid, controlUrl: run.controlUrl, ready, waitingFor },
    lines: [`Runs as pid ${run.pid} on ${run.controlUrl}, ${state}.`],
  };
}

async function restartAccounts(environment: Environment): Promise<CommandResult> {
  const work = controlClient(environment).post('/api/accounts/restart');
  const json = (await withProgress('Reading accounts anew', work)) as {
    locks: { held: number; rebuilt: number };
    accounts: { tracked: number; refetched: boolean };
    strayAttempts: readonly string[];
  };
  const isWell = json.accounts.refetched && json.strayAttempts.length === 0;
  return {
    exitCode: isWell ? EXIT.ok : EXIT.bad,
    json,
    lines: [
      `${json.locks.rebuilt} live trades have their locks anew.`,
      json.accounts.refetched
        ? `${json.accounts.tracked} accounts were read from the chain.`
        : `Not all of ${json.accounts.tracked} accounts could be read yet; it goes on.`,
      ...json.strayAttempts.map((signature) => `In the journal and not in memory: ${signature}`),
    ],
  };
}
