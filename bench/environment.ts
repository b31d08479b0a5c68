/** On what the figures were seen: enough to judge them by, nothing that names the machine. */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

export interface BenchEnvironment {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly date: string;
  /** Short hash, with `+` where the working tree differed from it; empty outside a repository. */
  readonly commit: string;
}

export const PACKAGE_ROOT = fileURLToPath(new URL('../../', import.meta.url));

export function benchEnvironment(now: Date): BenchEnvironment {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    node: process.version,
    date: now.toISOString(),
    commit: commit(),
  };
}

function commit(): string {
  const head = git(['rev-parse', '--short', 'HEAD']);
  const changed = git(['status', '--porcelain', '--untracked-files=no', '--', '.', ':!bench/results']);
  return head === '' ? '' : `${head}${changed === '' ? '' : '+'}`;
}

function git(args: readonly string[]): string {
  const done = spawnSync('git', args, { cwd: PACKAGE_ROOT, encoding: 'utf8' });
  return done.status === 0 ? done.stdout.trim() : '';
}
