/** A start that waited for its nodes once ended by itself with exit code 0: no timer of the stages holds a process. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { delay, ExecutorProcess } from '../drill/executor-process.js';
import { readLog } from '../drill/log-reader.js';
import { embeddedKeystorePaths, openEmbeddedKeystore } from '../src/embedded/embedded-keys.js';

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  await new Promise((resolve) => server.close(resolve));
  return address.port;
}

it('a start without a node that answers waits for one, says so, and ends when told to', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'hotslot-start-'));
  const dataDir = join(directory, 'data');
  mkdirSync(dataDir);
  const paths = embeddedKeystorePaths(dataDir);
  (await openEmbeddedKeystore(paths, 1)).close();
  const node = `127.0.0.1:${await closedPort()}`;
  const life = new ExecutorProcess(
    directory,
    {
      YELLOWSTONE_ENDPOINTS: node,
      RPC_ENDPOINTS: `http://${node}`,
      POOLS: 'So11111111111111111111111111111111111111112',
      KEYSTORE_PATH: paths.keystore,
      KEYSTORE_PASSPHRASE_FILE: paths.passphrase,
      LIVE_TRADING: 'true',
    },
    'a-token',
  );
  try {
    const control = await life.control();
    const tries = () =>
      readLog(join(directory, 'logs', 'trading.log')).filter((line) => /trying on$/.test(line.message))
        .length;
    while (tries() < 4 && !life.hasExited) await delay(20);
    expect(life.hasExited).toBe(false);
    expect((await control?.ask('GET', '/readyz'))?.status).toBe(503);
    expect(await life.stop()).toBe(true);
    expect(life.failure).toBeUndefined();
  } finally {
    await life.kill();
    rmSync(directory, { recursive: true, force: true });
  }
});

// A drill kills its executors: one that had ended before the blow once counted as killed, and as ended in order.
it('tells a process that ended by itself from one that was killed', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'hotslot-start-'));
  const fallen = new ExecutorProcess(directory, { MAX_CONCURRENT_TRADES: 'many' }, 'a-token');
  const killed = new ExecutorProcess(directory, {}, 'a-token');
  try {
    await killed.kill();
    expect(killed.failure).toBeUndefined();
    while (!fallen.hasExited) await delay(20);
    await fallen.kill();
    expect(fallen.failure).toMatch(/^code [1-9]/);
    expect(await fallen.stop()).toBe(false);
  } finally {
    await fallen.kill();
    rmSync(directory, { recursive: true, force: true });
  }
});
