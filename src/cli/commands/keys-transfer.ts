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

const SWEEP_NOTES =
  "\nEmptied token accounts are closed, and their rent goes with them; Token-2022's stay open, empty.\n" +
  'The key pays the fees itself. Not well: something is left.';
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
    'move all SOL and tokens that a retired key holds to the master key, frozen token accounts excepted',
    (_options, name) => {
      if (roleOf(name!) !== 'retired') throw new Error('only retired keys are swept: rotate it first');
      return transfer('sweep', name!, (tools) => sweep(tools, name!));
    },
    (command) => command.addHelpText('after', SWEEP_NOTES + AGAIN),
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
  const lamports = await tools.lamportsOf(from);
  const held = (await tools.holdingsOf(from)).filter(({ amount }) => amount > 0n);
  const paysFees = lamports > tools.lander.feeLamports();
  const frozen = paysFees ? await withKey(tools.keystore, name, (key) => drainKey(tools, key, to)) : [];
  const left = paysFees ? frozen : held.map(({ account }) => account);
  const moved = held.filter(({ account }) => !left.includes(account)).length;
  return {
    exitCode: left.length === 0 ? EXIT.ok : EXIT.bad,
    json: { name, from, to, lamports, tokens: moved, left },
    lines: [
      paysFees ? sweptLine(name, lamports, moved, to) : unpaidLine(name, lamports, held.length),
      ...frozen.map((account) => `Frozen, and left where it is: ${account}`),
    ],
  };
}

function sweptLine(name: string, lamports: bigint, moved: number, to: Address): string {
  const sol = wholeUnits(lamports, LAMPORT_DECIMALS);
  const tokens = moved === 0 ? '' : ` and ${moved === 1 ? 'a token' : `${moved} tokens`}`;
  return `${name}'s ${sol} SOL, less fees,${tokens} went to ${MASTER_KEY}, ${to}.`;
}

/** Nothing was moved. */
function unpaidLine(name: string, lamports: bigint, tokens: number): string {
  if (tokens > 0)
    return `${name} holds tokens in ${tokens} ${tokens === 1 ? 'account' : 'accounts'} and no SOL that pays for moving them.`;
  const sol = wholeUnits(lamports, LAMPORT_DECIMALS);
  return lamports === 0n ? `${name} holds nothing.` : `${name} holds ${sol} SOL, no more than a fee.`;
}

function addressOf(keystore: Keystore, name: string): Address {
  const entry = keystore.entries().find((one) => one.name === name);
  if (entry === undefined) throw new HotslotError('KEY_UNKNOWN', { detail: name });
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
