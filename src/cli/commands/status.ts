/** `status`: the executor at a glance. */
import type { Command } from 'commander';
import { controlClient } from '../control-client.js';
import { defineCommand } from '../define-command.js';
import { commandEnvironment } from '../environment.js';
import { EXIT } from '../exit-codes.js';
import { columns } from '../output.js';

interface StatusAnswer {
  readonly pid: number;
  readonly version: string;
  readonly embedded: boolean;
  readonly liveTrading: boolean;
  readonly ready: { readonly ready: boolean; readonly waitingFor: readonly string[] };
  readonly risk: { readonly killSwitch: { readonly grade: string; readonly reason: string } };
  readonly health: {
    readonly status: string;
    readonly checks: readonly {
      readonly name: string;
      readonly level: string;
      readonly value: number | string;
      readonly unit?: string;
    }[];
  };
  /** Absent while it starts. */
  readonly chain?: { readonly slot: number; readonly blockHeight?: number };
  readonly trades?: { readonly [name: string]: number };
  readonly queue?: { readonly queued: number; readonly running: number; readonly maxConcurrent: number };
}

export function statusCommand(): Command {
  return defineCommand('status', 'tell how the executor is', async () => {
    const client = controlClient(commandEnvironment());
    const status = (await client.get('/api/status')) as StatusAnswer;
    const isWell = status.ready.ready && status.health.status !== 'critical';
    return { exitCode: isWell ? EXIT.ok : EXIT.bad, json: status, lines: linesOf(status, client.url) };
  });
}

function linesOf(status: StatusAnswer, url: string): string[] {
  const { ready, risk, health, chain, trades, queue } = status;
  const { grade, reason } = risk.killSwitch;
  return [
    ...columns([
      ['executor', `pid ${status.pid}, version ${status.version}, ${url}`],
      [
        'trading',
        `${status.liveTrading ? 'live' : 'simulated'}${status.embedded ? ', embedded cluster' : ''}`,
      ],
      ['ready', ready.ready ? 'yes' : `no, waiting for ${ready.waitingFor.join(', ')}`],
      ['kill switch', grade === 'off' ? 'off' : `${grade} (${reason})`],
      ...(chain === undefined
        ? []
        : [['slot', `${chain.slot}, block height ${chain.blockHeight ?? 'unknown'}`]]),
      ...(queue === undefined
        ? []
        : [['queue', `${queue.queued} queued, ${queue.running} of ${queue.maxConcurrent} running`]]),
      ...(trades === undefined
        ? []
        : [['trades', `${trades.landed} landed, ${trades.live} live, ${trades.failed} failed`]]),
      ['health', health.status],
    ]),
    ...columns(
      health.checks.map(({ name, level, value, unit }) => [
        '',
        name,
        level,
        typeof value === 'number' ? `${value} ${unit ?? ''}` : value,
      ]),
    ),
  ];
}
