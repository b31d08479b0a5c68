/**
 * A directory as an operator has it: the package, its own data and logs, and a shell's tools. The book's ports are kept
 * in its commands and led to those that the system chose, so that tests can run beside anything else.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readLocalnetFile } from '../../src/embedded/localnet-file.js';
import { type RunInfo, readRunInfo } from '../../src/journal/data-dir.js';
import { isRunning, signalProcess, waitUntilGone } from '../../src/process-watch.js';

const END_MS = 10_000;
const POLL_MS = 20;

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Script {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly finished: Promise<Finished>;

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    this.finished = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  /** Ends a script that never ends by itself, and everything that it started. */
  async end(): Promise<Finished> {
    // It leads a process group of its own.
    if (this.child.exitCode === null && this.child.pid !== undefined)
      signalProcess(-this.child.pid as number, 'SIGTERM');
    return this.finished;
  }
}

export class Installation {
  readonly directory = mkdtempSync(join(tmpdir(), 'hotslot-book-'));
  readonly #environment: NodeJS.ProcessEnv;
  readonly #scripts: Script[] = [];

  constructor(root: string, settings: Readonly<Record<string, string>>) {
    const { directory } = this;
    for (const name of ['dist', 'node_modules']) symlinkSync(join(root, name), join(directory, name));
    for (const name of ['package.json', 'curl-format.txt'])
      copyFileSync(join(root, name), join(directory, name));
    for (const name of ['logs', 'tools', 'scripts']) mkdirSync(join(directory, name));
    this.#environment = {
      PATH: `${join(directory, 'tools')}:${process.env.PATH}`,
      HOME: directory,
      CURL_HOME: directory,
      NO_PROXY: '*',
      no_proxy: '*',
      CONTROL_PORT: '0',
      KESTRA_COMPAT_PORT: '0',
      ...settings,
    };
    this.#limitPgrep();
  }

  get dataDir(): string {
    return join(this.directory, 'data');
  }

  path(...parts: string[]): string {
    return join(this.directory, ...parts);
  }

  run(): RunInfo | undefined {
    return readRunInfo(this.dataDir);
  }

  /** Leads the book's ports to those of the executor that runs now. */
  followPorts(): RunInfo {
    const run = this.run();
    if (run?.kestraUrl === undefined) throw new Error('no executor has announced itself');
    const lines = [
      ['3000', run.controlUrl],
      ['8080', run.kestraUrl],
    ].map(([port, url]) => `connect-to = "localhost:${port}:127.0.0.1:${new URL(url!).port}"`);
    writeFileSync(this.path('.curlrc'), `${lines.join('\n')}\n`);
    return run;
  }

  /** A tool of the same name goes before the system's. */
  addTool(name: string, text: string): void {
    const path = this.path('tools', name);
    writeFileSync(path, text);
    chmodSync(path, 0o755);
  }

  /** Runs commands from a file, as a shell does: never `bash -c`, whose own command line would hold them. */
  start(text: string, { terminal = false }: { terminal?: boolean } = {}): Script {
    const path = this.path('scripts', `step-${this.#scripts.length}.sh`);
    writeFileSync(path, `${text}\n`);
    const script = new Script(
      spawn(terminal ? 'script' : 'bash', terminal ? ['-qefc', `bash ${path}`, '/dev/null'] : [path], {
        cwd: this.directory,
        env: this.#environment,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
    this.#scripts.push(script);
    return script;
  }

  /** Ends what still runs, and removes everything. */
  async remove(): Promise<void> {
    // A check that failed has left its own running.
    for (const script of this.#scripts) await script.end();
    const pids = [this.run()?.pid, readLocalnetFile(this.dataDir)?.info.pid];
    for (const pid of pids) {
      if (pid === undefined || !isRunning(pid)) continue;
      signalProcess(pid, 'SIGTERM');
      if (!(await waitUntilGone(pid, END_MS))) signalProcess(pid, 'SIGKILL');
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** The machine may have other executors, whom a test's signal is no business of: only processes from here are found. */
  #limitPgrep(): void {
    this.addTool(
      'pgrep',
      [
        '#!/bin/sh',
        `for pid in $(PATH=${process.env.PATH} pgrep "$@"); do`,
        `  [ "$(readlink /proc/$pid/cwd)" = "${this.directory}" ] || continue`,
        '  [ "$(cat /proc/$pid/comm)" = pgrep ] || echo "$pid"',
        'done',
        '',
      ].join('\n'),
    );
  }
}

/** @throws Error with what was waited for */
export async function until(what: string, condition: () => boolean | Promise<boolean>, withinMs = 30_000) {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`it did not come about: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
