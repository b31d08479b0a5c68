/** `keys fund NAME` and `keys sweep NAME`: from the master key, and to it. */
import type { Command } from 'commander';
import { HotslotError } from '../../errors/hotslot-error.js';
import { MASTER_KEY, roleOf } from '../../keys/key-names.js';
import { drainKey, fundKey } from '../../keys/key-transfers.js';
import type { Keystore } from '../../keys/keystore.js';
import type { SigningKey } from '../../keys/signing-key.js';
import type { Address } from '../../model/brands.js';
import { LAMPORT_DECIMALS, wholeUnits } from '../amounts.js';
import { withChain } from '../chain.js';
import { type CommandResult, defineCommand } from '../define-command.js';
import { commandEnvironment } from '../environment.js';
import { EXIT } from '../exit-codes.js';
import { type KeyTransferTools, withKeyTransfers } from '../key-transfers.js';
import { withProgress } from '../output.js';

const AGAIN = '\nWhatever ends it, it can be run again: what was signed lands once.';

export function keysFundCommand(): Command {
  return defineCommand(
    'fund <name>',
    'give a trading key, from the master key, the SOL that it is short of',
    (_options, name) => {
      if (roleOf(name!) !== 'trading') throw new Error('only trading keys are funded');
      return transfer('fund', name!, (tools) => fund(tools, name!));
    },
    (command) => command.addHelpText('after', AGAIN),
  );
}

/** A key in use is not emptied: its trades count on what it holds. A rotation retires it first. */
export function keysSweepCommand(): Command {
  return defineCommand(
    'sweep <name>',
    'move to the master key whatever came in for a retired key',
    (_options, name) => {
      if (roleOf(name!) !== 'retired') throw new Error('only retired keys are swept: rotate it first');
      return transfer('sweep', name!, (tools) => sweep(tools, name!));
    },
    (command) => command.addHelpText('after', AGAIN),
  );
}

function transfer(
  verb: string,
  name: string,
  work: (tools: KeyTransferTools) => Promise<CommandResult>,
): Promise<CommandResult> {
  return withChain(commandEnvironment(), (chain) =>
    withProgress(
      'Transferring',
      withKeyTransfers(chain, name, `${verb}-${name}`, async (tools) => {
        await tools.lander.finishPending();
        tools.steps.begin(addressOf(tools.keystore, name));
        const result = await work(tools);
        tools.steps.finish();
        return result;
      }),
    ),
  );
}

async function fund(tools: KeyTransferTools, name: string): Promise<CommandResult> {
  const address = addressOf(tools.keystore, name);
  const lamports = await withKey(tools.keystore, MASTER_KEY, (payer) => fundKey(tools, payer, address));
  const sol = wholeUnits(lamports, LAMPORT_DECIMALS);
  return {
    exitCode: EXIT.ok,
    json: { name, address, lamports },
    lines: [lamports === 0n ? `${name} has enough.` : `${name} got ${sol} SOL.`],
  };
}

async function sweep(tools: KeyTransferTools, name: string): Promise<CommandResult> {
  const to = addressOf(tools.keystore, MASTER_KEY);
  const from = addressOf(tools.keystore, name);
  const before = await tools.lamportsOf(from);
  const left = before === 0n ? [] : await withKey(tools.keystore, name, (key) => drainKey(tools, key, to));
  return {
    exitCode: left.length === 0 ? EXIT.ok : EXIT.bad,
    json: { name, from, to, lamports: before, left },
    lines: [
      before === 0n ? `${name} holds nothing.` : `What ${name} held is with ${to}.`,
      ...left.map((account) => `Frozen, and left where it is: ${account}`),
    ],
  };
}

function addressOf(keystore: Keystore, name: string): Address {
  const entry = keystore.entries().find((one) => one.name === name);
  if (entry === undefined)
    throw new HotslotError('KEYSTORE_INVALID', { detail: `It has no key named ${name}.` });
  return entry.address;
}

async function withKey<Result>(
  keystore: Keystore,
  name: string,
  use: (key: SigningKey) => Promise<Result>,
): Promise<Result> {
  const key = keystore.load(name);
  try {
    return await use(key);
  } finally {
    key.wipe();
  }
}
