/**
 * deploy/README.md's steps for systemd, as they are typed, below another root: as root with an unprivileged user in the
 * service's place, which could neither enter the settings' folder nor read the passphrase once; else with the own user.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DrillCluster } from '../drill/cluster.js';
import { ALLOCATOR_ENVIRONMENT } from '../src/config/allocator-environment.js';
import { SETTINGS } from '../src/config/settings.js';
import { waitUntilGone } from '../src/process-watch.js';
import { until } from './support/installation.js';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const README = read('deploy/README.md');
const UNIT = read('deploy/systemd/hotslot.service');
const stepsOf = (name: string) =>
  new RegExp(`<!-- tested: ${name} -->\n\`\`\`sh\n([^]*?)\n\`\`\``).exec(README)![1]!.split('\n');
const SIGTERM_MS = 20_000;
const WELL_MS = 60_000;
const START_MS = 3 * WELL_MS;

const IS_ROOT = process.getuid?.() === 0;
/** Unprivileged, and on every machine. */
const [USER, GROUP] = IS_ROOT
  ? ['nobody', spawnSync('id', ['-gn', 'nobody'], { encoding: 'utf8' }).stdout.trim()]
  : [userInfo().username, spawnSync('id', ['-gn'], { encoding: 'utf8' }).stdout.trim()];
const SKIPPED = /^(useradd|systemctl|cd) |\/etc\/systemd\/system\/$/;

let root: string;
let service: ChildProcess | undefined;
let cluster: DrillCluster | undefined;

/** A step below the test's root, with the test's user. */
function moved(step: string): string {
  const as = IS_ROOT ? `setpriv --reuid ${USER} --regid ${GROUP} --clear-groups` : 'env';
  return step
    .replaceAll(/(?<= )\/(?=(etc|opt|var)\/)/g, `${root}/`)
    .replace('runuser -u hotslot --', as)
    .replaceAll('-o hotslot', `-o ${USER}`)
    .replaceAll('-g hotslot', `-g ${GROUP}`)
    .replaceAll('-o root', `-o ${IS_ROOT ? 'root' : USER}`);
}

/** As somebody types it: nothing in the environment but what every shell has. */
function type(step: string, cwd: string) {
  const env = { PATH: process.env.PATH ?? '', HOME: join(root, 'var/lib/hotslot') };
  const { status, stdout, stderr } = spawnSync('sh', ['-c', moved(step)], { cwd, env, encoding: 'utf8' });
  return { step, status, stdout, stderr };
}

const inOpt = (step: string) => type(step, join(root, 'opt/hotslot'));
const asService = (args: string) => inOpt(`runuser -u hotslot -- node dist/src/cli/hotslot.js ${args}`);

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'hotslot-systemd-'));
  chmodSync(root, 0o755);
  const made = type(
    `install -d ${['etc', 'opt', 'var/lib', 'var/log'].map((name) => join(root, name)).join(' ')}`,
    root,
  );
  expect(made.status, made.stderr).toBe(0);
  const packaged = spawnSync('node', ['scripts/package.mjs', join(root, 'opt/hotslot')], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect(packaged.status, packaged.stderr).toBe(0);
});
afterAll(async () => {
  service?.kill('SIGKILL');
  await cluster?.stop();
  rmSync(root, { recursive: true, force: true });
});

describe('the steps for systemd', () => {
  it("make a place in which the service's user has what it needs, and others have nothing", () => {
    for (const step of stepsOf('systemd').filter((one) => !SKIPPED.test(one))) {
      const done = type(step, ROOT);
      expect([step, done.status, done.stderr]).toEqual([step, 0, '']);
    }
    const modeOf = (path: string) => statSync(join(root, path)).mode & 0o777;
    expect(['etc/hotslot', 'etc/hotslot/hotslot.env', 'etc/hotslot/keystore-passphrase'].map(modeOf)).toEqual(
      [0o750, 0o640, 0o600],
    );
    expect(['var/lib/hotslot', 'var/log/hotslot'].map(modeOf)).toEqual([0o700, 0o750]);
  });

  it('name settings that there are, and the same folders as the unit', () => {
    const settings = [...read('deploy/systemd/hotslot.env').matchAll(/^#?([A-Z_]+)=(.*)$/gm)];
    for (const [, name] of settings) expect(Object.keys(SETTINGS)).toContain(name);
    const settingOf = new Map(settings.map(([, name, value]) => [name!, value!]));
    expect(UNIT).toContain(`StateDirectory=${settingOf.get('DATA_DIR')!.replace('/var/lib/', '')}\n`);
    expect(UNIT).toContain(`LogsDirectory=${settingOf.get('LOG_DIR')!.replace('/var/log/', '')}\n`);
    // What systemd gave to the service alone the commands would not have.
    expect(UNIT).not.toMatch(/^(EnvironmentFile|LoadCredential)=/m);
    const allocator = Object.entries(ALLOCATOR_ENVIRONMENT).map(([name, value]) => `${name}=${value}`);
    expect([...UNIT.matchAll(/^Environment=(.*)$/gm)].map(([, given]) => given)).toEqual([
      'NODE_ENV=production',
      allocator.join(' '),
    ]);
  });

  it(
    'let the service start, and its commands find it, with no more in the environment than systemd gives',
    async () => {
      const path = join(root, 'etc/hotslot/hotslot.env');
      const given = readFileSync(path, 'utf8').replaceAll(/=\/(etc|var)\//g, `=${root}/$1/`);
      const ports = 'CONTROL_PORT=0\nKESTRA_COMPAT_PORT=0\nMAX_POOL_AGE_SLOTS=40\n';
      writeFileSync(path, `${given}${ports}`);
      const addresses: string[] = [];
      for (const step of stepsOf('systemd keys').filter((one) => one.includes(' keys '))) {
        const done = inOpt(`${step} --json`);
        expect([step, done.status], done.stderr).toEqual([step, 0]);
        addresses.push((JSON.parse(done.stdout) as { address: string }).address);
      }
      expect(addresses).toHaveLength(2);
      const funds = addresses.flatMap((address) => ['--fund', address]);
      cluster = await DrillCluster.start(['--slot-ms', '50', '--pools', '1', ...funds]);
      const { grpcEndpoint, rpcUrl, pools } = cluster.info;
      const endpoints = `YELLOWSTONE_ENDPOINTS=${grpcEndpoint}\nRPC_ENDPOINTS=${rpcUrl}\nPOOLS=${pools[0]!.address}\n`;
      writeFileSync(path, `${given}${ports}${endpoints}API_TOKEN=a-token-of-this-test\nLIVE_TRADING=true\n`);
      service = startService();
      let said = '';
      const isWell = () => {
        const { status, stdout, stderr } = asService('status');
        said = `${stdout}${stderr}`;
        return status === 0;
      };
      await until('the service is well', isWell, WELL_MS).catch((error: Error) => {
        throw new Error(`${error.message}\n${said}`);
      });
      expect(asService('keys verify trading-key-1').status).toBe(0);
      // The runbook's commands look for the log here.
      expect(inOpt('head -n 1 logs/trading.log').stdout).toContain('"timestamp":');
      const ended = waitUntilGone(service.pid!, SIGTERM_MS);
      service.kill('SIGTERM');
      expect(await ended).toBe(true);
    },
    START_MS,
  );
});

/** What ExecStart says, in WorkingDirectory, as User. */
function startService(): ChildProcess {
  const start = /^ExecStart=\/usr\/bin\/node (.*)$/m.exec(UNIT)![1]!;
  expect(UNIT).toContain('WorkingDirectory=/opt/hotslot\n');
  const command = moved(`exec runuser -u hotslot -- node ${start}`);
  return spawn('sh', ['-c', `umask 0077; ${command}`], {
    cwd: join(root, 'opt/hotslot'),
    env: { PATH: process.env.PATH ?? '', NODE_ENV: 'production' },
    stdio: 'ignore',
  });
}

it('settings that may not be read are told, and not taken for none', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hotslot-settings-'));
  try {
    // Which nobody can read, root neither.
    symlinkSync('.env', join(directory, '.env'));
    const hotslot = join(ROOT, 'dist/src/cli/hotslot.js');
    const { status, stderr } = spawnSync(process.execPath, [hotslot, 'status'], {
      cwd: directory,
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([2, expect.stringContaining('.env')]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
