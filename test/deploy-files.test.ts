/** What an engine or an init system would read, held against rules of ours: nobody here can run them. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ALLOCATOR_ENVIRONMENT } from '../src/config/allocator-environment.js';
import { SETTINGS } from '../src/config/settings.js';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

interface Service {
  readonly image: string;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly environment?: Readonly<Record<string, string>>;
  readonly env_file?: readonly string[];
  readonly ports?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly stop_grace_period?: string;
}

describe('docker-compose.yml', () => {
  const { services, secrets } = parse(read('docker-compose.yml')) as {
    readonly services: Readonly<Record<string, Service>>;
    readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  };

  it('has Redis, Kestra on Postgres and the executor, and asks each how it is', () => {
    expect(Object.keys(services).sort()).toEqual(['executor', 'kestra', 'postgres', 'redis']);
    for (const [name, service] of Object.entries(services))
      expect([name, service.healthcheck?.test.length]).toEqual([name, expect.any(Number)]);
  });

  it('holds no secret: each is a file that git leaves out, or a name', () => {
    const ignored = read('.gitignore').split('\n');
    expect(ignored).toContain('deploy/secrets/');
    expect(read('.dockerignore').split('\n')).toEqual(expect.arrayContaining(['deploy/secrets', '.env']));
    const files = [
      ...Object.values(secrets).map(({ file }) => file),
      ...Object.values(services).flatMap((service) => service.env_file ?? []),
    ];
    for (const file of files) expect(file).toMatch(/^deploy\/secrets\//);
    for (const { environment = {} } of Object.values(services)) {
      for (const [name, value] of Object.entries(environment)) {
        if (/PASS|TOKEN|SECRET/.test(name)) expect(value).toMatch(/^\/run\/secrets\//);
        for (const [, given] of value.matchAll(/password: (.*)/g)) expect(given).toMatch(/^\$\$\{[A-Z_]+\}$/);
      }
    }
  });

  it('publishes ports on the loopback interface only', () => {
    for (const { ports = [] } of Object.values(services))
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it('gives the executor a read-only root, no capability, and known settings', () => {
    const executor = services.executor!;
    expect(executor).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    expect(executor.security_opt).toContain('no-new-privileges:true');
    for (const name of Object.keys(executor.environment!)) expect(Object.keys(SETTINGS)).toContain(name);
  });
});

describe('the Dockerfile', () => {
  const last = read('Dockerfile')
    .split(/^FROM /m)
    .at(-1)!;

  it('ends in a stage that is not root, and can be asked how it is', () => {
    expect(last).toMatch(/^USER node$/m);
    expect(last).toMatch(/^HEALTHCHECK /m);
    expect(last.indexOf('USER node')).toBeLessThan(last.indexOf('\nCMD'));
    expect(last).not.toMatch(/^RUN .*(npm|apt-get)/m);
  });
});

describe('realtime.conf', () => {
  const [, command] = /^ExecStartPost=\+(.*)$/m.exec(read('deploy/systemd/realtime.conf'))!;

  it("says what the end-to-end run's --realtime does", () => {
    const measured = /'chrt', \[([^\]]*)String\(pid\)\]/.exec(read('bench/support/realtime.ts'))![1]!;
    const args = [...measured.matchAll(/'([^']*)'/g)].map(([, one]) => one);
    expect(command).toBe(`/usr/bin/chrt ${args.join(' ')} $MAINPID`);
  });

  it.skipIf(spawnSync('chrt', ['--fifo', '1', 'true']).status !== 0)(
    "puts a process's main thread before the others, and no other thread",
    async () => {
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1_000); console.log(1)']);
      try {
        await once(child.stdout, 'data');
        const [path, ...args] = command!.replace('$MAINPID', String(child.pid)).split(' ');
        expect(spawnSync(path!, args).status).toBe(0);
        const policies = spawnSync('chrt', ['--all-tasks', '--pid', String(child.pid)], { encoding: 'utf8' })
          .stdout.split('\n')
          .flatMap((line) => /^pid (\d+)'s current scheduling policy: (.*)$/.exec(line)?.slice(1) ?? []);
        const others = policies.slice(2).filter((_, index) => index % 2 === 1);
        expect(policies.slice(0, 2)).toEqual([String(child.pid), 'SCHED_FIFO|SCHED_RESET_ON_FORK']);
        expect(others.length).toBeGreaterThan(0);
        expect(new Set(others)).toEqual(new Set(['SCHED_OTHER']));
      } finally {
        child.kill('SIGKILL');
      }
    },
  );
});

describe('hotslot.service', () => {
  const unit = new Map(
    [...read('deploy/systemd/hotslot.service').matchAll(/^([A-Za-z]+)=(.*)$/gm)].map(([, key, value]) => [
      key!,
      value!,
    ]),
  );

  it('starts the process that operators look for, and gives it more time to end than it takes', () => {
    expect(unit.get('ExecStart')).toMatch(/ dist\/src\/trading\.js$/);
    const drainMostMs = 15_000;
    expect(Number(unit.get('TimeoutStopSec')) * 1_000).toBeGreaterThan(2 * drainMostMs);
    expect(unit.get('Restart')).toBe('on-failure');
  });

  it("has the allocator's settings that every start has", () => {
    const settings = Object.entries(ALLOCATOR_ENVIRONMENT)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ');
    expect(read('deploy/systemd/hotslot.service')).toContain(`\nEnvironment=${settings}\n`);
    expect(read('Dockerfile')).toContain(`\nENV ${settings}\n`);
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    for (const name of ['start', 'start:trading'])
      expect(scripts[name]).toContain(`${settings} exec node dist/src/trading.js`);
    expect(scripts.localnet).toBe(`${settings} exec node dist/localnet/cli.js`);
  });

  it('can do little else on its machine', () => {
    expect(Object.fromEntries(unit)).toMatchObject({
      User: 'hotslot',
      NoNewPrivileges: 'yes',
      CapabilityBoundingSet: '',
      ProtectSystem: 'strict',
      ProtectHome: 'yes',
      PrivateTmp: 'yes',
      PrivateDevices: 'yes',
      RestrictNamespaces: 'yes',
      UMask: '0077',
      LimitCORE: '0',
    });
  });
});
