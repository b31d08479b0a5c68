/** What stops a start, and what only delays it: each is told at once, by name. */
import { mkdirSync, rmdirSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startCluster } from '../localnet/cluster.js';
import { openEmbeddedKeystore } from '../src/embedded/embedded-keys.js';
import {
  ExecutorUnderTest,
  eventually,
  orderFor,
  poolsOf,
  problemOf,
  QUIET_CLUSTER,
  type Settings,
  scratchDirectory,
  TERMINAL,
  tradeIn,
} from './support/executor-under-test.js';

function start(settings: Settings, directory?: string): ExecutorUnderTest {
  const executor = new ExecutorUnderTest(settings, directory);
  onTestFinished(() => executor.dispose());
  return executor;
}

async function listenOn(port: number): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { server, port: (server.address() as { port: number }).port };
}

const closed = (server: Server) => new Promise((resolve) => server.close(resolve));

/** Ports that nothing listens on: they were free a moment ago. */
async function freePorts(count: number): Promise<number[]> {
  const held = await Promise.all(Array.from({ length: count }, () => listenOn(0)));
  await Promise.all(held.map(({ server }) => closed(server)));
  return held.map(({ port }) => port);
}

it('lists every fault of the configuration at once, and starts nothing', async () => {
  const executor = start({
    MAX_CONCURRENT_TRADES: 'many',
    DEFAULT_SLIPPAGE: '101',
    RPC_ENDPOINTS: 'http://127.0.0.1:1',
    RPC_POOL_SIZE: '0',
    CONTROL_HOST: '0.0.0.0',
    API_TOKEN_TRADE: 'a-secret',
    LOG_LEVEL: 'loud',
  });
  expect(await executor.exited()).toEqual({ code: 1, signal: null });
  expect(executor.stderr).toMatch(/^CONFIG_INVALID: /);
  const named = [...executor.stderr.matchAll(/^ {2}([A-Z_]+): \S/gm)].map((match) => match[1]);
  expect(named.sort()).toEqual([
    'API_TOKEN',
    'DEFAULT_SLIPPAGE',
    'LOG_LEVEL',
    'MAX_CONCURRENT_TRADES',
    'RPC_POOL_SIZE',
    'YELLOWSTONE_ENDPOINTS',
  ]);
  expect(executor.stderr).not.toContain('a-secret');
  expect(executor.log()).toEqual([]);
});

it('names the setting of a port that is taken, before anything is started', async () => {
  const { server, port } = await listenOn(0);
  onTestFinished(() => closed(server).then(() => undefined));
  const executor = start({ ...QUIET_CLUSTER, CONTROL_PORT: String(port) });
  expect(await executor.exited()).toEqual({ code: 1, signal: null });
  expect(executor.stderr).toContain('PORT_TAKEN');
  expect(executor.stderr).toContain(`127.0.0.1:${port} is taken; set CONTROL_PORT`);
});

it('starts where run.json cannot be written, says so, and writes it as soon as that goes', async () => {
  const directory = scratchDirectory();
  const inTheWay = join(directory, 'data/run.json.tmp');
  mkdirSync(inTheWay, { recursive: true });
  const executor = start(QUIET_CLUSTER, directory);
  const told = await eventually('the warning', () =>
    executor.log().find(({ message }) => message.startsWith('run.json cannot be written')),
  );
  await eventually('the start', () => executor.log().find(({ message }) => message === 'started'));
  expect((await fetch(`${told.controlUrl}/livez`)).status).toBe(200);
  rmdirSync(inTheWay);
  await executor.ready();
});

it('says of an endpoint that does not answer that it does not, and goes on asking until it does', async () => {
  const directory = scratchDirectory();
  mkdirSync(join(directory, 'data'));
  const paths = {
    keystore: join(directory, 'data/keystore.json'),
    passphrase: join(directory, 'data/keystore.passphrase'),
  };
  const keystore = await openEmbeddedKeystore(paths, 1);
  const wallets = keystore.entries().map(({ address }) => address);
  keystore.close();
  const [rpcPort = 0, grpcPort = 0] = await freePorts(2);
  const genesis = {
    seed: 'reached at last',
    pools: 1,
    fund: wallets,
    conditions: { slotMs: 50 },
    rpcPort,
    grpcPort,
  };
  // The same seed has the same pools, so that they are known before the cluster runs where it is looked for.
  const elsewhere = await startCluster({ ...genesis, rpcPort: 0, grpcPort: 0, manual: true });
  const [pool] = elsewhere.info.pools;
  await elsewhere.close();
  const executor = start(
    {
      YELLOWSTONE_ENDPOINTS: `127.0.0.1:${grpcPort}`,
      RPC_ENDPOINTS: `http://127.0.0.1:${rpcPort}`,
      POOLS: pool?.address ?? '',
      KEYSTORE_PATH: paths.keystore,
      KEYSTORE_PASSPHRASE_FILE: paths.passphrase,
      MAX_POOL_AGE_SLOTS: '40',
      SIGNING: 'inline',
      MIN_WALLET_LAMPORTS: '0',
    },
    directory,
  );
  const control = await executor.control();
  const down = await control.ask('GET', '/readyz');
  expect(down).toMatchObject({ status: 503, body: { ready: false } });
  expect(problemOf(await control.ask('POST', '/api/trades', {}))).toMatchObject({
    status: 503,
    code: 'NOT_READY',
  });
  await eventually('the warning', () => executor.log().find((line) => line.level === 'warn'));
  expect(executor.log().find((line) => line.level === 'warn')).toMatchObject({
    message: expect.stringContaining('trying on'),
    error: expect.stringContaining(`127.0.0.1:${rpcPort}`),
  });

  const cluster = await startCluster(genesis);
  onTestFinished(() => cluster.close());
  await executor.ready();

  // Real endpoints without LIVE_TRADING: everything but the send.
  const { body } = await control.ask('POST', '/api/trades', await orderFor(control, 'not-live'));
  const trade = await tradeIn(control, (body as { id: string }).id, TERMINAL);
  expect(trade.state).toBe('simulated');
  expect(await poolsOf(control)).toHaveLength(1);
  expect(cluster.record.list()).toEqual([]);
});

it('lets no second executor into a data directory, and says who holds it', async () => {
  const first = start(QUIET_CLUSTER);
  await first.control();
  const second = start(QUIET_CLUSTER, first.directory);
  expect(await second.exited()).toEqual({ code: 1, signal: null });
  expect(second.stderr).toContain('DATA_DIR_HELD');
  expect(second.stderr).toContain(String(first.pid));
  // Its end took nothing from the first.
  await first.ready();
});
