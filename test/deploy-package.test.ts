/**
 * README.md's production commands, and so the image's: the directory that they make trades, with nothing of the
 * embedded cluster in it. `npm ci` itself is not run again here: the packages of this checkout stand for what it makes.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DrillCluster } from '../drill/cluster.js';
import { embeddedKeystorePaths, openEmbeddedKeystore } from '../src/embedded/embedded-keys.js';
import { readRunInfo } from '../src/journal/data-dir.js';
import { waitUntilGone } from '../src/process-watch.js';
import { until } from './support/installation.js';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const DOCKERFILE = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
const TARGET = '/opt/hotslot';
const SIGTERM_MS = 20_000;
const TRADES = 5;

/** The two commands, as README.md has them. */
const [install, make] = /<!-- tested: production -->\n```sh\n(.*)\n(.*)\n```/.exec(README)!.slice(1) as [
  string,
  string,
];

let directory: string;
let made: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'hotslot-package-'));
  made = join(directory, 'hotslot');
  const [program, ...args] = make.replace(TARGET, made).split(' ');
  const done = spawnSync(program!, args, { cwd: ROOT, encoding: 'utf8' });
  expect(done.stderr, done.stderr).toBe('');
  expect(done.status).toBe(0);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const files = (folder: string) => readdirSync(join(made, folder));

function hotslot(args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, ['dist/src/cli/hotslot.js', ...args, '--json'], {
    cwd: made,
    env: { PATH: process.env.PATH ?? '', ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise<{ code: number | null; json: Record<string, unknown> }>((done, fail) =>
    child.once('close', (code) => {
      const line = stdout.trimEnd().split('\n').at(-1) ?? '';
      if (!line.startsWith('{')) fail(new Error(`hotslot ${args.join(' ')}: ${stderr}`));
      else done({ code, json: JSON.parse(line) as Record<string, unknown> });
    }),
  );
}

describe("README.md's production directory", () => {
  it('is made by the same commands in the image', () => {
    const steps = [...DOCKERFILE.matchAll(/^RUN (.*)$/gm)].map(([, step]) => step!);
    expect(steps).toContain(install);
    expect(steps).toContain(make);
    expect(DOCKERFILE).toContain(`COPY --from=build ${TARGET} ${TARGET}`);
  });

  it('has no embedded cluster, no tests and no compiler', () => {
    expect(files('dist').sort()).toEqual(['dashboard', 'openapi.json', 'src', 'workers']);
    const packages = new Set(files('node_modules'));
    expect(packages.has('undici')).toBe(true);
    for (const name of ['litesvm', 'grpc-health-check', 'vitest', 'typescript', '@types', '@biomejs'])
      expect([name, packages.has(name)]).toEqual([name, false]);
  });

  it('has the page of its unit, and no script or command without its file', () => {
    expect(existsSync(join(made, 'README.md'))).toBe(true);
    const { scripts, bin } = JSON.parse(readFileSync(join(made, 'package.json'), 'utf8')) as {
      scripts: { [name: string]: string };
      bin: { [name: string]: string };
    };
    expect(Object.keys(scripts)).toEqual(
      expect.arrayContaining(['start:trading', 'stop:trading', 'keys:list']),
    );
    const entries = Object.values(scripts).map((line) => /node (\S+)/.exec(line)?.[1] ?? line);
    expect([...entries, ...Object.values(bin)].filter((entry) => !existsSync(join(made, entry)))).toEqual([]);
  });

  // npx links the directory as a package, and ran a build that cannot be there: it ended with 1 and said nothing.
  it("takes the book's commands as they stand", () => {
    const env = {
      PATH: process.env.PATH ?? '',
      HOTSLOT_URL: 'http://127.0.0.1:1',
      npm_config_cache: join(directory, 'npm-cache'),
      npm_config_offline: 'true',
    };
    const typed = spawnSync('npx', ['hotslot', 'kill', '--json'], { cwd: made, env, encoding: 'utf8' });
    expect([typed.status, typed.stdout]).toEqual([3, expect.stringContaining('no executor answers')]);
  });

  it('has the binaries of this platform and of no other', () => {
    const { platform, arch, versions } = process;
    const uws = files('node_modules/uWebSockets.js').filter((name) => name.endsWith('.node'));
    expect(uws).toEqual([`uws_${platform}_${arch}_${versions.modules}.node`]);
    expect(files('node_modules/sodium-native/prebuilds')).toEqual([`${platform}-${arch}`]);
  });

  it('is not made over another one', () => {
    const again = spawnSync('node', ['scripts/package.mjs', made], { cwd: ROOT, encoding: 'utf8' });
    expect([again.status, again.stderr]).toEqual([2, `${made} is not empty.\n`]);
    expect(existsSync(join(made, 'dist/src/trading.js'))).toBe(true);
  });

  it('says without endpoints what it needs', () => {
    const env = { PATH: process.env.PATH ?? '', CONTROL_PORT: '0', KESTRA_COMPAT_PORT: '0' };
    const without = spawnSync('node', ['dist/src/trading.js'], { cwd: made, env, encoding: 'utf8' });
    expect(without.status).toBe(1);
    expect(without.stderr).toContain('LOCALNET_FAILED');
    expect(without.stderr).toContain('YELLOWSTONE_ENDPOINTS');
    rmSync(join(made, 'data'), { recursive: true });
  });

  it('trades on endpoints, from the first start to the stop', async () => {
    const dataDir = join(made, 'data');
    mkdirSync(dataDir, { mode: 0o700 });
    const paths = embeddedKeystorePaths(dataDir);
    const keystore = await openEmbeddedKeystore(paths, 2);
    const funded = keystore.entries().flatMap(({ address }) => ['--fund', address]);
    keystore.close();
    const cluster = await DrillCluster.start(['--slot-ms', '50', '--pools', '2', ...funded]);
    const env = {
      CONTROL_PORT: '0',
      API_TOKEN: 'a-token-of-this-test',
      YELLOWSTONE_ENDPOINTS: cluster.info.grpcEndpoint,
      RPC_ENDPOINTS: cluster.info.rpcUrl,
      POOLS: cluster.info.pools.map((pool) => pool.address).join(','),
      KEYSTORE_PATH: paths.keystore,
      KEYSTORE_PASSPHRASE_FILE: paths.passphrase,
      MAX_POOL_AGE_SLOTS: '40',
      LIVE_TRADING: 'true',
    };
    const child = spawn('npm', ['run', '-s', 'start:trading'], {
      cwd: made,
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: 'ignore',
    });
    try {
      await until('it is ready', async () => {
        if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
        if (readRunInfo(dataDir) === undefined) return false;
        return (await hotslot(['status'], env)).code === 0;
      });
      const { code, json } = await hotslot(['test-trade', '--count', String(TRADES), '--rate', '20'], env);
      expect([code, json.accepted, json.landed, json.lost, json.duplicates]).toEqual([
        0,
        TRADES,
        TRADES,
        0,
        0,
      ]);
      const verified = await hotslot(['keys', 'verify', 'trading-key-1'], env);
      expect(verified.json).toMatchObject({
        signs: true,
        funded: true,
        inUse: true,
        backend: 'sodium-native',
      });
      expect((await hotslot(['stop'], env)).json).toMatchObject({ stopped: true, inOrder: true });
    } finally {
      child.kill('SIGTERM');
      if (child.pid !== undefined) await waitUntilGone(child.pid, SIGTERM_MS);
      await cluster.stop();
    }
  });
});
