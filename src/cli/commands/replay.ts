/** `replay`: what the cache and the pools make of a recorded stream. */
import { type Command, Option } from 'commander';
import { type ReplayReport, replayRecording } from '../../replay/replay-recording.js';
import { systemClock } from '../../time/clock.js';
import { type CommandResult, defineCommand } from '../define-command.js';
import { EXIT } from '../exit-codes.js';
import { positiveNumber } from '../number-options.js';
import { columns } from '../output.js';

const MAX_SPEED = 1_000;
const HOLD_MS = 1_000;

interface Options {
  readonly pace: 'recorded' | 'fast';
  readonly speed: number;
}

export function replayCommand(): Command {
  return defineCommand(
    'replay <file>',
    'play a file that RECORD_STREAM made into a cache and pools, and print what they saw',
    replay,
    (command) =>
      command
        .addOption(
          new Option('--pace <pace>', 'with the pauses it had, or as fast as it goes')
            .choices(['recorded', 'fast'])
            .default('fast'),
        )
        .option(
          '--speed <factor>',
          'with --pace recorded: 2 plays twice as fast',
          positiveNumber(MAX_SPEED),
          1,
        ),
  );
}

async function replay({ pace, speed }: Options, path: string): Promise<CommandResult> {
  const ends = new AbortController();
  process.once('SIGINT', () => ends.abort());
  // The player's pauses are the clock's timers, which keep no process alive.
  const hold = setInterval(() => undefined, HOLD_MS);
  try {
    const report = await replayRecording({ path, clock: systemClock, pace, speed, signal: ends.signal });
    return { exitCode: report.truncated ? EXIT.bad : EXIT.ok, json: report, lines: linesOf(report) };
  } finally {
    clearInterval(hold);
  }
}

function linesOf(report: ReplayReport): string[] {
  const { slots, transactions } = report;
  const gaps = Object.entries(report.gaps).map(([reason, count]) => `${count} ${reason}`);
  const cut = report.truncated ? ', and ends inside a message: everything before it was played' : '';
  return [
    ...columns([
      ['stream', `${report.name}, from ${new Date(report.startedAtMs).toISOString()}`],
      ['length', `${(report.recordedUs / 1e6).toFixed(1)} s${cut}`],
      ['messages', `${report.messages}, ${report.dropped} dropped`],
      [
        'slots',
        `${slots.first ?? '–'} to ${slots.head}, confirmed ${slots.confirmed}, finalized ${slots.finalized}`,
      ],
      ['', `${slots.processed} processed, ${slots.dead} dead, ${slots.lost} lost`],
      ['accounts', `${report.accountUpdates} updates, ${report.fetchedAccounts} read over RPC`],
      ['transactions', `${transactions.total} of our wallets, ${transactions.failed} failed`],
      ['gaps', gaps.length === 0 ? 'none' : gaps.join(', ')],
    ]),
    ...columns([
      ['pool', 'reserve 0', 'reserve 1', 'slot', 'states'],
      ...report.pools.map(({ pool, reserve0, reserve1, slot, updates }) =>
        [pool, reserve0 ?? 'not whole', reserve1 ?? '', slot ?? '', updates].map(String),
      ),
    ]),
  ];
}
