/** A node that listens before its ledger holds anything told clients that accounts which it has do not exist. */
import { expect, it, onTestFinished } from 'vitest';
import { startCluster } from '../../localnet/cluster.js';
import { startRpc } from '../../localnet/rpc/server.js';

it('answers that it is unhealthy until it has begun', async () => {
  const cluster = await startCluster({ manual: true, seed: 'starting' });
  onTestFinished(() => cluster.close());
  const { ledger, feed, engine } = cluster;
  let hasBegun = false;
  const ports = { host: '127.0.0.1', rpcPort: 0, wsPort: 0 };
  const rpc = await startRpc({ ledger, feed, engine, ...ports, hasBegun: () => hasBegun });
  onTestFinished(() => rpc.close());
  const url = `http://127.0.0.1:${rpc.rpcPort}`;
  const ask = async () => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getSlot' });
    const headers = { 'content-type': 'application/json' };
    return (await fetch(url, { method: 'POST', headers, body })).json();
  };
  const health = async () => (await fetch(`${url}/health`)).text();

  expect(await ask()).toMatchObject({ error: { code: -32005, message: 'Node is unhealthy' } });
  expect(await health()).toBe('unknown');
  hasBegun = true;
  expect(await ask()).toMatchObject({ result: ledger.slot('finalized') });
  expect(await health()).toBe('ok');
});
