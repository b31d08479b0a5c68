/** The command line as a process of its own, with nothing of this machine's environment. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('../../src/cli/hotslot.js', import.meta.url));

export interface CommandAnswer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** @param settings where HOTSLOT_URL is missing, it is a port that nobody listens on */
export function runHotslot(
  directory: string,
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<CommandAnswer> {
  const child = spawn(process.execPath, [ENTRY, ...args], {
    cwd: directory,
    env: { PATH: process.env.PATH ?? '', HOTSLOT_URL: 'http://127.0.0.1:1', ...settings },
  });
  return answerOf(child);
}

/** All that a process says until its end. */
export function answerOf(child: ChildProcessWithoutNullStreams): Promise<CommandAnswer> {
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

/** The object of `--json`. */
export const jsonOf = (answer: CommandAnswer) => JSON.parse(answer.stdout.trimEnd().split('\n').at(-1)!);
