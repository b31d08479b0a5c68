/**
 * After a real run, secrets of keys, their passphrase and the API tokens are looked for in every form and everywhere
 * that others could see: logs and data files, answers and refusals, command lines and the environment of processes,
 * what commands print, and the executor's memory outside of locked pages.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExecutorProcess } from '../drill/executor-process.js';
import { Rig } from '../drill/rig.js';
import type { ControlClient } from '../src/cli/control-client.js';
import type { Operations } from '../src/control/operations.js';
import { routeTable } from '../src/control/route-table.js';
import { embeddedKeystorePaths, openKeystore } from '../src/embedded/embedded-keys.js';
import { until } from './support/installation.js';
import { ManualClock } from './support/manual-clock.js';
import { findInMemory, formsOf } from './support/secret-forms.js';

const CLI = fileURLToPath(new URL('../src/cli/hotslot.js', import.meta.url));
const READ_TOKEN = 'read-token-that-nobody-prints-31415';
const TRADING_KEYS = 2;
const WORKERS = 2;
const SAMPLE_MS = 50;

let rig: Rig;
let life: ExecutorProcess;
let control: ControlClient;
/** Where something was seen, and what. */
const seen: { readonly where: string; readonly text: string }[] = [];
/** What must not be seen. */
const secrets = new Map<string, readonly string[]>();
const seeds = new Map<string, Buffer>();

const see = (where: string, text: string) => void seen.push({ where, text });
const paths = () => embeddedKeystorePaths(join(rig.directory, 'data'));

async function learnKeys(): Promise<void> {
  const keystore = await openKeystore(paths());
  for (const { name, address } of keystore.entries()) {
    const key = keystore.load(name);
    const seed = key.withSeed((bytes) => Buffer.from(bytes));
    key.wipe();
    seeds.set(address, seed);
    secrets.set(`${name} ${address}`, formsOf(seed, address));
  }
  keystore.close();
}

/** Every process's command line, as any user of the machine sees it. */
function seeCommandLines(): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      see(`command line of ${pid}`, readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    } catch (error) {
      // It has ended meanwhile.
      if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
}

async function hotslot(
  settings: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<number | null> {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: rig.directory,
    env: { PATH: process.env.PATH ?? '', ...settings },
  });
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => see(`hotslot ${args.join(' ')}`, text));
  const sampling = setInterval(seeCommandLines, SAMPLE_MS);
  const code = await new Promise<number | null>((done) => child.once('close', done));
  clearInterval(sampling);
  return code;
}

async function askEverything(): Promise<void> {
  for (const { method, path } of routeTable({} as Operations, new ManualClock())) {
    if (method !== 'GET') continue;
    const answer = await fetch(control.url + path.replace(':id', 'no-such-trade'), {
      headers: { authorization: `Bearer ${READ_TOKEN}` },
    });
    see(`GET ${path}`, `${JSON.stringify([...answer.headers])} ${await answer.text()}`);
  }
  // Refusals must not repeat what was sent.
  for (const body of ['{"clientOrderId": 7}', '{', `{"reason": 1, "token": "x"}`]) {
    const answer = await fetch(`${control.url}/api/trades`, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${READ_TOKEN}` },
    });
    see('a refusal', await answer.text());
  }
}

function seeFiles(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && path !== paths().passphrase) see(path, readFileSync(path, 'latin1'));
  }
}

async function trade(count: number): Promise<void> {
  const { market } = (await control.get('/api/status')) as {
    market: { pools: { mint0: string; mint1: string }[] };
  };
  for (let index = 0; index < count; index++) {
    const { mint0, mint1 } = market.pools[index % market.pools.length]!;
    const order = { clientOrderId: `secret-${index}`, inputMint: mint0, outputMint: mint1, mode: 'exactIn' };
    await control.post('/api/trades', { ...order, amount: '100000' });
  }
  await until('they land', async () => {
    const { trades } = (await control.get('/api/status')) as { trades: { landed: number } };
    return trades.landed >= count;
  });
}

beforeAll(async () => {
  rig = await Rig.open({
    clusterArgs: ['--slot-ms', '50', '--pools', '2'],
    settings: {
      WORKERS: String(WORKERS),
      MAX_POOL_AGE_SLOTS: '40',
      API_TOKEN_READ: READ_TOKEN,
      LOG_LEVEL: 'debug',
    },
    tradingKeys: TRADING_KEYS,
  });
  await learnKeys();
  secrets.set('the passphrase', [readFileSync(paths().passphrase, 'utf8').trim()]);
  secrets.set('a token', [READ_TOKEN]);
  life = rig.startExecutor();
  control = (await life.control())!;
  await life.ready(control);
});
afterAll(() => rig.close());

describe('secrets, after a real run', () => {
  it('of keys lie in locked memory on every thread, and nowhere else in the process', async () => {
    await trade(10);
    const sought = new Map([
      ...seeds,
      ['passphrase', readFileSync(paths().passphrase).subarray(0, 32)],
    ] as const);
    const { lockedMappings, findings } = findInMemory(life.pid!, sought);
    expect(findings).toEqual([]);
    expect(lockedMappings).toBeGreaterThanOrEqual(TRADING_KEYS * (1 + WORKERS));
  });

  it('are in no log, file, answer, command line, environment or output', async () => {
    const settings = rig.commandSettings();
    expect(await hotslot(settings, 'keys', 'rotate', 'trading-key-1', '--json')).toBe(0);
    await learnKeys();
    // What they find of the machine is not looked at here, only what they print.
    for (const verb of [['keys', 'list'], ['config', 'show'], ['doctor']])
      await hotslot(settings, ...verb, '--json');
    await hotslot(settings, 'backup', '--to', join(rig.directory, 'backups'), '--json');
    await askEverything();
    process.kill(life.pid!, 'SIGUSR2');
    await until('memory is logged', () => readFileSync(rig.logFile, 'utf8').includes('after a forced'));
    const environment = readFileSync(`/proc/${life.pid}/environ`, 'utf8').replaceAll(READ_TOKEN, '');
    see('the environment', environment);
    await life.stop();
    seeFiles(rig.directory);
    expect(seen.length).toBeGreaterThan(100);
    // Two trading keys and the master, and the successor of one.
    expect(seeds.size).toBe(TRADING_KEYS + 2);
    // What may be seen is: this looks where it should.
    for (const address of seeds.keys()) expect(seen.some(({ text }) => text.includes(address))).toBe(true);
    const leaks = [...secrets].flatMap(([name, forms]) =>
      seen.flatMap(({ where, text }) =>
        forms.some((form) => text.includes(form)) ? [`${name}: ${where}`] : [],
      ),
    );
    expect([...new Set(leaks)]).toEqual([]);
  });
});
