/** `trades`: the newest ones, or one in full. */
import { type Command, InvalidArgumentError } from 'commander';
import { controlClient } from '../control-client.js';
import { type CommandResult, defineCommand } from '../define-command.js';
import { commandEnvironment } from '../environment.js';
import { EXIT } from '../exit-codes.js';
import { columns } from '../output.js';

/** What one answer of the control plane lists at most. */
const MOST_LISTED = 1_000;

const AMOUNT_COLUMN = 3;

interface TradeRow {
  readonly id: string;
  readonly state: string;
  readonly acceptedAtMs: number;
  readonly intent: { readonly amount: string; readonly inputMint: string; readonly outputMint: string };
  readonly attempts: readonly { readonly signature: string }[];
  readonly denial?: { readonly code: string };
  readonly outcome?: { readonly error?: string };
}

export function tradesCommand(): Command {
  return defineCommand<{ limit: number }>(
    'trades [id]',
    'list the newest trades, or tell one in full',
    (options, id) => (id === undefined ? list(options.limit) : one(id)),
    (command) => command.option('--limit <n>', 'trades to list', wholeLimit, 20),
  );
}

function wholeLimit(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > MOST_LISTED)
    throw new InvalidArgumentError(`1 to ${MOST_LISTED}`);
  return value;
}

async function list(limit: number): Promise<CommandResult> {
  const answer = await controlClient(commandEnvironment()).get(`/api/trades?limit=${limit}`);
  const { trades } = answer as { trades: readonly TradeRow[] };
  const rows = trades.map((trade) => [
    new Date(trade.acceptedAtMs).toISOString(),
    trade.id,
    trade.state,
    trade.intent.amount,
    `${trade.intent.inputMint.slice(0, 8)} → ${trade.intent.outputMint.slice(0, 8)}`,
    trade.outcome?.error ?? trade.denial?.code ?? trade.attempts.at(-1)?.signature ?? '',
  ]);
  return {
    exitCode: EXIT.ok,
    json: answer,
    lines: trades.length === 0 ? ['No trades.'] : columns(rows, [AMOUNT_COLUMN]),
  };
}

async function one(id: string): Promise<CommandResult> {
  const trade = await controlClient(commandEnvironment()).get(`/api/trades/${encodeURIComponent(id)}`);
  return { exitCode: EXIT.ok, json: trade, lines: [JSON.stringify(trade, null, 2)] };
}
