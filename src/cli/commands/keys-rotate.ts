import type { Command } from 'commander';
import { isTradingName, MASTER_KEY } from '../../keys/key-names.js';
import { type RotationResult, rotateKey } from '../../keys/rotation.js';
import { type CommandChain, withChain } from '../chain.js';
import { type CommandResult, defineCommand } from '../define-command.js';
import { commandEnvironment, type Environment } from '../environment.js';
import { reloadExecutorKeys, waitForLastTrade } from '../executor-keys.js';
import { EXIT } from '../exit-codes.js';
import { withKeyTransfers } from '../key-transfers.js';
import { wholeNumber } from '../number-options.js';
import { withProgress } from '../output.js';

const DEFAULT_WAIT_SECONDS = 120;
const MOST_WAIT_SECONDS = 86_400;

export function keysRotateCommand(): Command {
  return defineCommand<{ wait: number }>(
    'rotate <name>',
    'give a key a successor that is funded and in use, and drain and retire the old one',
    ({ wait }, name) => {
      if (!isTradingName(name!) && name !== MASTER_KEY)
        throw new Error('only trading keys and the master key are rotated');
      const environment = commandEnvironment();
      return withChain(environment, (chain) =>
        withProgress('Rotating', rotate(environment, chain, name!, wait)),
      );
    },
    (command) =>
      command
        .option(
          '--wait <seconds>',
          "how long the old key's last trade is waited for",
          wholeNumber(0, MOST_WAIT_SECONDS),
          DEFAULT_WAIT_SECONDS,
        )
        .addHelpText(
          'after',
          '\nWhatever ends it, it can be run again: it goes on where it was. Exit code 4 asks for that.',
        ),
  );
}

function rotate(
  environment: Environment,
  chain: CommandChain,
  name: string,
  waitSeconds: number,
): Promise<CommandResult> {
  const { config } = chain;
  return withKeyTransfers(chain, name, name, async (tools) =>
    told(
      await rotateKey({
        ...tools,
        name,
        reloadExecutor: () => reloadExecutorKeys(environment, config),
        isTradingOver: (wallet) => waitForLastTrade(environment, config, wallet, waitSeconds * 1_000),
      }),
    ),
  );
}

function told(result: RotationResult): CommandResult {
  const { name, oldAddress, newAddress, done, retiredAs, left } = result;
  const lines = [`${name} is now ${newAddress}.`];
  if (!done) lines.push(`${oldAddress} still has live trades: run this again to drain and retire it.`);
  else lines.push(`${oldAddress} is drained and kept as ${retiredAs}.`);
  for (const account of left) lines.push(`Frozen, and left where it is: ${account}`);
  const exitCode = done ? (left.length === 0 ? EXIT.ok : EXIT.bad) : EXIT.pending;
  return { exitCode, json: result, lines };
}
