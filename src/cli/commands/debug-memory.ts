/** `debug:memory`: what the executor's memory consists of. */
import type { Command } from 'commander';
import { controlClient } from '../control-client.js';
import { defineCommand } from '../define-command.js';
import { commandEnvironment } from '../environment.js';
import { EXIT } from '../exit-codes.js';
import { columns } from '../output.js';

const BYTES_A_MB = 1024 * 1024;
/** The runbook's threshold. */
const MOST_PERCENT = 80;

interface StatusPart {
  readonly pid: number;
  readonly health: { readonly checks: readonly { readonly name: string; readonly value: number | string }[] };
}

export function debugMemoryCommand(): Command {
  return defineCommand('debug-memory', "tell what the executor's memory consists of", async () => {
    const client = controlClient(commandEnvironment());
    const memory = (await client.get('/api/debug/memory')) as { readonly [name: string]: unknown };
    const { pid, health } = (await client.get('/api/status')) as StatusPart;
    const check = health.checks.find((one) => one.name === 'memory');
    const usedPercent = typeof check?.value === 'number' ? check.value : undefined;
    const rows = flat(memory).map(([name, bytes]) => [name, `${(bytes / BYTES_A_MB).toFixed(1)} MB`]);
    return {
      exitCode: (usedPercent ?? 0) > MOST_PERCENT ? EXIT.bad : EXIT.ok,
      json: { pid, usedPercent, ...memory },
      lines: [
        `pid ${pid}: ${usedPercent ?? 'unknown'} percent of the heap that it may take`,
        ...columns(rows),
      ],
    };
  });
}

/** Every number of bytes, named by its path. */
function flat(value: { readonly [name: string]: unknown }, prefix = ''): [string, number][] {
  return Object.entries(value).flatMap(([name, one]): [string, number][] => {
    if (name === 'atMs') return [];
    if (typeof one === 'number') return [[prefix + name, one]];
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return [];
    return flat(one as { readonly [name: string]: unknown }, `${prefix}${name}.`);
  });
}
