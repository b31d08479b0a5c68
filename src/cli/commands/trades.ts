/** `trades`: the newest ones, or one in full. */
import type { Command } from 'commander';
import { controlClient } from '../control-client.js';
import { type CommandResult, defineCommand } from '../define-command.js';
import { commandEnvironment } from '../environment.js';
import { EXIT } from '../exit-codes.js';
import { wholeNumber } from '../number-options.js';
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
    (command) => command.option('--limit <n>', 'trades to list', wholeNumber(1, MOST_LISTED), 20),
  );
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
