/** The embedded cluster funds keys that are not on the disk yet: a start that ends before they are must cost nothing. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { beginEmbeddedKeystore, embeddedKeystorePaths } from '../src/embedded/embedded-keys.js';
import {
  ExecutorUnderTest,
  orderFor,
  QUIET_CLUSTER,
  scratchDirectory,
  tradeIn,
} from './support/executor-under-test.js';

function start(directory: string): ExecutorUnderTest {
  const executor = new ExecutorUnderTest(QUIET_CLUSTER, directory);
  onTestFinished(() => executor.dispose());
  return executor;
}

it('tells the addresses of a keystore before it is open, of a new one and of one that is there', async () => {
  const directory = scratchDirectory();
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const paths = embeddedKeystorePaths(directory);
  const made = await beginEmbeddedKeystore(paths, 2);
  expect(readdirSync(directory)).toEqual(['keystore.passphrase']);
  const keystore = await made.opened;
  expect(keystore.entries().map(({ name }) => name)).toEqual(['trading-key-1', 'trading-key-2', 'master']);
  expect(keystore.entries().map(({ address }) => address)).toEqual(made.addresses);
  expect(keystore.load('trading-key-1').address).toBe(made.addresses[0]);

  const found = await beginEmbeddedKeystore(paths, 2);
  expect([made.isNew, found.isNew]).toEqual([true, false]);
  expect(found.addresses).toEqual(made.addresses);
  expect((await found.opened).entries()).toEqual(keystore.entries());
});

it('sets a ledger aside whose keys were never kept, and trades on a new one', async () => {
  const directory = scratchDirectory();
  const first = start(directory);
  await first.ready();
  first.signal('SIGINT');
  await first.exited();
  rmSync(join(directory, 'data/keystore.json'));

  const second = start(directory);
  const control = await second.ready();
  expect(
    readdirSync(join(directory, 'data')).filter((name) => name.startsWith('localnet-set-aside-')),
  ).toHaveLength(1);
  const { body } = await control.ask('POST', '/api/trades', await orderFor(control, 'after'));
  await tradeIn(control, (body as { id: string }).id, ['confirmed', 'finalized']);
});
