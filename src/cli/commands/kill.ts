/** `kill`: the kill switch. */
import { type Command, Option } from 'commander';
import { controlClient } from '../control-client.js';
import { defineCommand } from '../define-command.js';
import { commandEnvironment } from '../environment.js';
import { EXIT } from '../exit-codes.js';

interface Options {
  readonly grade: string;
  readonly reason?: string;
  readonly release: boolean;
}

interface KillAnswer {
  readonly active: boolean;
  readonly grade: string;
  readonly reason?: string;
  readonly shared?: boolean;
  readonly cancelled?: readonly string[];
  readonly mayStillLand?: readonly {
    readonly state: string;
    readonly signature: string;
    readonly lastValidBlockHeight: number;
  }[];
}

export function killCommand(): Command {
  return defineCommand<Options>(
    'kill',
    'stop all sending at once, or release a stop',
    async ({ grade, reason, release }) => {
      if (release && reason === undefined) throw new Error('a release needs --reason');
      const body = release ? { active: false, reason } : { grade, reason: reason ?? 'command line' };
      const answer = (await controlClient(commandEnvironment()).post('/api/kill-switch', body)) as KillAnswer;
      return { exitCode: EXIT.ok, json: answer, lines: killLines(answer) };
    },
    (command) =>
      command
        .addOption(
          new Option('--grade <grade>', 'how much').choices(['stop', 'drain', 'reduce']).default('stop'),
        )
        .option('--reason <text>', 'is kept with it')
        .option('--release', 'end the stop; nothing that it ended comes back', false),
  );
}

/** Of an attempt that has landed: only a fork that is lost would make it one that may still land. */
const IN_A_BLOCK = new Set(['processed', 'confirmed']);

/** What a person reads of the answer. */
export function killLines({
  active,
  grade,
  reason = '',
  shared,
  cancelled = [],
  mayStillLand = [],
}: KillAnswer): string[] {
  const out = mayStillLand.filter(({ state }) => !IN_A_BLOCK.has(state));
  const inBlock = mayStillLand.length - out.length;
  return [
    active
      ? `The kill switch is on: ${grade}${reason === '' ? '' : ` (${reason})`}.`
      : 'The kill switch is off.',
    ...(shared === false ? ['The other executors do not know yet: Redis does not answer.'] : []),
    ...(cancelled.length === 0
      ? []
      : [`${cancelled.length} queued ${cancelled.length === 1 ? 'trade was' : 'trades were'} cancelled.`]),
    ...(inBlock === 0 ? [] : [`${inBlock} landed before, and are not final yet.`]),
    ...out.map(
      ({ signature, lastValidBlockHeight }) =>
        `May still land until block height ${lastValidBlockHeight}: ${signature}`,
    ),
  ];
}
