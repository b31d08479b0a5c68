/** What README.md tells people to type works: its examples are run as they stand, with only the ports changed. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Cluster, startCluster } from '../localnet/cluster.js';
import { ExecutorUnderTest, QUIET_CLUSTER, tradeIn } from './support/executor-under-test.js';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const README = readFileSync(resolve(ROOT, 'README.md'), 'utf8');

/** The shell block after the comment that names it. */
function example(name: string): string {
  const block = new RegExp(`<!-- tested: ${name} -->\\n\`\`\`sh\\n([\\s\\S]*?)\`\`\``).exec(README)?.[1];
  if (block === undefined) throw new Error(`README.md has no example named ${name}`);
  return block;
}

function shell(script: string): Promise<{ code: number | null; output: string }> {
  // The folder with the packages, as for whoever reads it.
  const child = spawn('sh', ['-c', script], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) => done({ code, output }));
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}

const TRIES = 20;

/** web3.js looks for the WebSocket one port above the RPC's. */
async function startWithNeighbours(): Promise<Cluster> {
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const rpcPort = (server.address() as { port: number }).port;
    await new Promise((done) => server.close(done));
    if (!(await isFree(rpcPort + 1))) continue;
    return startCluster({ seed: 'readme', conditions: { slotMs: 50 }, rpcPort, wsPort: rpcPort + 1 });
  }
  throw new Error('no two free ports beside each other');
}

describe('against a cluster', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startWithNeighbours();
  });
  afterAll(() => cluster.close());

  const run = (name: string) => {
    const { rpcUrl, grpcEndpoint } = cluster.info;
    return shell(
      example(name).replace('http://127.0.0.1:8899', rpcUrl).replace('http://127.0.0.1:10000', grpcEndpoint),
    );
  };

  it('the web3.js example lands its transfer', async () => {
    const { code, output } = await run('web3.js');
    expect(output).toMatch(/^landed [1-9A-HJ-NP-Za-km-z]{80,90}\nbob has 1000000000\n$/);
    expect(code).toBe(0);
  });

  it("the Yellowstone client's example prints a slot", async () => {
    const { code, output } = await run('yellowstone');
    expect(output).toMatch(/^slot \d+\n$/);
    expect(code).toBe(0);
  });
});

it('the first trade lands', async () => {
  const executor = new ExecutorUnderTest(QUIET_CLUSTER);
  onTestFinished(() => executor.dispose());
  const control = await executor.ready();
  const body = /-d '([\s\S]*?)'/.exec(example('first trade'))?.[1];
  const answer = await fetch(`${control.url}/api/trades`, { method: 'POST', body: body ?? '' });
  expect(answer.status).toBe(202);
  const { id } = (await answer.json()) as { id: string };
  const trade = await tradeIn(control, id, ['confirmed', 'finalized', 'failed', 'denied', 'expired']);
  expect(['confirmed', 'finalized']).toContain(trade.state);
});

it('names only files and npm scripts that exist', () => {
  const links = [...README.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map((match) => match[1] ?? '');
  expect(links.length).toBeGreaterThan(5);
  expect(links.filter((path) => !existsSync(resolve(ROOT, path)))).toEqual([]);
  const { scripts } = JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8')) as { scripts: object };
  const named = [...README.matchAll(/npm run (?:-s )?([a-z:]+)/g)].map((match) => match[1] ?? '');
  expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
});
