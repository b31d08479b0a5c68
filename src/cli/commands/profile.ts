/** `profile`: a CPU profile and a flame graph of the running executor, under load where one is asked for. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { makeDirectory } from '../../make-directory.js';
import { type LoadPool, offerLoad } from '../../tune/load.js';
import { type ControlClient, ControlError, controlClient, controlToken } from '../control-client.js';
import { defineCommand } from '../define-command.js';
import { commandEnvironment } from '../environment.js';
import { EXIT } from '../exit-codes.js';
import { busiest, flameGraphHtml, flameOf, type Profile } from '../flame-graph.js';
import { positiveNumber } from '../number-options.js';
import { withProgress } from '../output.js';

const MAX_SECONDS = 60;
const MAX_RATE = 1_000;
/** Of the busiest functions, so many are told. */
const TOLD = 10;

interface Options {
  readonly seconds: number;
  readonly rate?: number;
  readonly dir?: string;
}

export function profileCommand(): Command {
  return defineCommand<Options>(
    'profile',
    'take a CPU profile of the running executor and draw it as a flame graph, one HTML file',
    run,
    (command) =>
      command
        .option('--seconds <n>', 'how long', positiveNumber(MAX_SECONDS), 10)
        .option(
          '--rate <perSecond>',
          'offer trades meanwhile; on the embedded cluster only',
          positiveNumber(MAX_RATE),
        )
        .option('--dir <path>', 'where the files go; default LOG_DIR'),
  );
}

async function run({ seconds, rate, dir }: Options) {
  const environment = commandEnvironment();
  const client = controlClient(environment);
  const load = rate === undefined ? undefined : await loadFor(client, rate, seconds);
  const asked = client.ask('POST', '/api/profile', { seconds }, seconds * 1000);
  const [{ status, body }] = await withProgress('Profiling', Promise.all([asked, load?.()]));
  if (status !== 200) {
    const problem = body as { detail?: string; code?: string } | undefined;
    throw new ControlError(problem?.detail ?? `HTTP ${status}`, status, problem?.code);
  }
  const directory = dir ?? (environment.LOG_DIR || 'logs');
  const files = write(directory, body as Profile);
  const top = busiest(flameOf(body as Profile)).slice(0, TOLD);
  return {
    exitCode: EXIT.ok,
    json: { files, busiest: top },
    lines: [
      ...top.map(({ name, selfUs }) => `${(selfUs / 1000).toFixed(1).padStart(9)} ms  ${name}`),
      '',
      `Open ${pathToFileURL(files.html).href}`,
      `The profile itself, for a browser's developer tools: ${files.profile}`,
    ],
  };
}

/** Real endpoints cost real money: no load is offered there. */
async function loadFor(client: ControlClient, rate: number, seconds: number) {
  const status = (await client.get('/api/status')) as {
    embedded: boolean;
    market?: { pools: readonly LoadPool[] };
  };
  if (status.market === undefined) throw new Error('The executor is still starting.');
  if (!status.embedded)
    throw new Error('--rate is for the embedded cluster; trades on real endpoints cost money.');
  const name = `profile-${randomBytes(6).toString('hex')}`;
  const token = controlToken(commandEnvironment());
  const { pools } = status.market;
  return () => offerLoad({ url: client.url, token, pools, rate, durationMs: seconds * 1000, name });
}

function write(directory: string, profile: Profile) {
  makeDirectory(directory);
  const at = new Date().toISOString().replace(/[:.]/g, '-');
  const files = {
    profile: join(directory, `profile-${at}.cpuprofile`),
    html: join(directory, `profile-${at}.html`),
  };
  writeFileSync(files.profile, JSON.stringify(profile));
  writeFileSync(files.html, flameGraphHtml(profile, `Hotslot executor, ${at}`));
  return files;
}
