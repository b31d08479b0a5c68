import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { holdDataDir } from '../../journal/data-dir.js';
import { isTradingName, MASTER_KEY } from '../../keys/key-names.js';
import { type RotationResult, rotateKey } from '../../keys/rotation.js';
import { StepFile } from '../../keys/step-file.js';
import { TransactionLander } from '../../keys/transaction-lander.js';
import { tokenHoldingsOf } from '../../send/token-accounts.js';
import { type CommandChain, withChain } from '../chain.js';
import { type CommandResult, defineCommand } from '../define-command.js';
import { commandEnvironment, type Environment } from '../environment.js';
import { reloadExecutorKeys, waitForLastTrade } from '../executor-keys.js';
import { EXIT } from '../exit-codes.js';
import { openConfiguredKeystore } from '../key-files.js';
import { note, withProgress } from '../output.js';

/** One rotation at a time; the folder also has what a rotation has signed and not seen landed. */
const FOLDER = 'rotations';
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
          wholeSeconds,
          DEFAULT_WAIT_SECONDS,
        )
        .addHelpText(
          'after',
          '\nWhatever ends it, it can be run again: it goes on where it was. Exit code 4 asks for that.',
        ),
  );
}

function wholeSeconds(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > MOST_WAIT_SECONDS)
    throw new InvalidArgumentError(`0 to ${MOST_WAIT_SECONDS}`);
  return value;
}

async function rotate(
  environment: Environment,
  chain: CommandChain,
  name: string,
  waitSeconds: number,
): Promise<CommandResult> {
  const { config, rpc, reader } = chain;
  const folder = join(config.DATA_DIR, FOLDER);
  const held = await holdDataDir(folder);
  const keystore = await openConfiguredKeystore(config);
  try {
    const steps = new StepFile(folder, name);
    const result = await rotateKey({
      name,
      keystore,
      steps,
      lander: new TransactionLander({
        rpc,
        reader,
        steps,
        computeUnitPriceMicroLamports: config.COMPUTE_UNIT_PRICE,
        sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      }),
      lamportsOf: async (address) =>
        (await reader.accounts([address], 'confirmed')).accounts[0]?.lamports ?? 0n,
      holdingsOf: (address) => tokenHoldingsOf(rpc, address),
      minWalletLamports: config.MIN_WALLET_LAMPORTS,
      reloadExecutor: () => reloadExecutorKeys(environment, config),
      isTradingOver: (wallet) => waitForLastTrade(environment, config, wallet, waitSeconds * 1_000),
      onStep: (text) => note(`${name}: ${text}`),
    });
    return told(result);
  } finally {
    keystore.close();
    await held.release();
  }
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
