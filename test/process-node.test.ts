/** On a Node.js that uWebSockets.js has no binary for, a start once printed thirty lines of a stack and no advice. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type NodeAtHand, nodeFault, TRIED_NODE } from '../src/node-support.js';
import { otherNode } from './support/other-node.js';
import { answerOf, type CommandAnswer, jsonOf, runHotslot } from './support/run-hotslot.js';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** As the package throws, of its own sentence and the loader's. */
const refused = (loader: string) => (): void => {
  throw new Error(`This version of uWS.js supports only Node.js versions 16, 18 and 20.\n\nError: ${loader}`);
};
const NO_BINARY = refused("Cannot find module './uws_linux_x64_147.node'\nRequire stack:\n- /uws.js");
const OLD_LIBC = refused(
  "/lib/libc.so.6: version `GLIBC_2.38' not found (required by /uws_linux_x64_127.node)",
);

const at = (version: string, loadServer: () => void = () => undefined): NodeAtHand => ({
  version,
  abi: '147',
  libc: () => '2.36',
  loadServer,
});

describe('a Node.js', () => {
  it('fits from the oldest that was tried on, and wherever the library loads', () => {
    expect(nodeFault()).toBeUndefined();
    for (const version of ['20.18.0', '20.20.2', '22.12.0', '22.23.5', '24.11.0', '30.0.0'])
      expect([version, nodeFault(at(version))]).toEqual([version, undefined]);
  });

  it('that does not fit is told in one line, with what would', () => {
    const cases: readonly (readonly [NodeAtHand, string])[] = [
      ...['18.20.4', '20.9.2', '20.17.0'].map(
        (version) => [at(version), `Node.js ${version} is too old: take Node.js ${TRIED_NODE}.`] as const,
      ),
      [
        at('26.12.1', NO_BINARY),
        `Node.js 26.12.1 has no binary in uWebSockets.js (ABI 147): take Node.js ${TRIED_NODE}.`,
      ],
      [
        at('22.23.5', OLD_LIBC),
        'needs glibc 2.38 or newer for uWebSockets.js, and here is 2.36: take Debian 13',
      ],
      [at('22.23.5', refused('something else')), 'does not load uWebSockets.js: Error: something else'],
    ];
    for (const [node, sentence] of cases) {
      const fault = nodeFault(node);
      expect([fault?.code, fault?.message]).toEqual(['NODE_UNSUPPORTED', expect.stringContaining(sentence)]);
      expect(fault?.message).not.toContain('\n');
    }
  });

  it('is named alike by package.json, its lock, README.md, the cluster and what users run in CI', () => {
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
    const majors = [...TRIED_NODE.matchAll(/from ((\d+)[\d.]+)/g)];
    expect(engines.node).toBe(majors.map(([, version]) => `^${version}`).join(' || '));
    const lock = JSON.parse(read('package-lock.json')) as { packages: { '': { engines: unknown } } };
    expect(lock.packages[''].engines).toEqual(engines);
    expect(read('README.md').replace(/\s+/g, ' ')).toContain(`Node.js ${TRIED_NODE}`);
    expect(read('localnet/cli.ts')).toContain(TRIED_NODE);
    const { jobs } = parse(read('.github/workflows/ci.yml')) as {
      jobs: { test: { strategy: { matrix: { include: readonly { node: string }[] } } } };
    };
    expect(jobs.test.strategy.matrix.include.map(({ node }) => node)).toEqual(
      majors.map(([, , major]) => major),
    );
  });
});

describe('a start on a Node.js that cannot run it', () => {
  let directory: string;
  let settings: Readonly<Record<string, string>>;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'hotslot-node-'));
    settings = otherNode(directory);
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const run = (entry: string): Promise<CommandAnswer> =>
    answerOf(
      spawn(process.execPath, [join(ROOT, 'dist', entry)], {
        cwd: directory,
        env: { PATH: process.env.PATH ?? '', ...settings },
      }),
    );

  it('ends with code 1 and one line, and has made and started nothing', async () => {
    const { code, stdout, stderr } = await run('src/trading.js');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /^NODE_UNSUPPORTED: .* Node\.js 99\.1\.0 has no binary .*\(ABI 999\): take .*\.\n$/,
    );
    expect(readdirSync(directory)).toEqual(['other-node.cjs']);
  });

  it('is one line of the embedded cluster too', async () => {
    const { code, stdout, stderr } = await run('localnet/cli.js');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /^localnet: Node\.js 99\.1\.0 does not load uWebSockets\.js; take .*uws_.*_999.*\n$/,
    );
  });

  it('is foretold by doctor', async () => {
    const { findings } = jsonOf(await runHotslot(directory, ['doctor', '--json'], settings)) as {
      findings: readonly { check: string; level: string; detail: string }[];
    };
    const node = findings.find(({ check }) => check === 'node');
    expect([node?.level, node?.detail]).toEqual([
      'bad',
      expect.stringContaining(`take Node.js ${TRIED_NODE}`),
    ]);
    for (const { detail } of findings) expect(detail).not.toContain('\n');
  });
});
