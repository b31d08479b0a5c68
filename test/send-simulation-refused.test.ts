/** A dry run that a node would not simulate: the client hears of the node, and of no worker. */
import { describe, expect, it } from 'vitest';
import { ChainReader } from '../src/send/chain-reader.js';
import { RpcResponseError } from '../src/send/rpc-client.js';
import { RpcPool } from '../src/send/rpc-pool.js';
import { DeskRig } from './support/desk-rig.js';
import { ManualClock } from './support/manual-clock.js';

/** A reader over one node that answers every call with an error. */
function readerOf(rpcCode: number, message: string): ChainReader {
  const call = () => Promise.reject(new RpcResponseError(rpcCode, message, undefined));
  return new ChainReader(new RpcPool([{ host: 'node', call }], new ManualClock()));
}

describe('a simulation', () => {
  it.each([
    ['that a node refuses', -32602, 'SEND_REFUSED'],
    ['that a node fails at', -32603, 'RPC_FAILED'],
  ])('%s is told so, with what the node said', async (_what, rpcCode, code) => {
    const rig = new DeskRig();
    const reader = readerOf(rpcCode, 'invalid transaction');
    rig.simulate = (wire) => reader.simulate(wire);
    const trade = await rig.sent({ dryRun: true });
    expect(trade).toMatchObject({ state: 'denied', denial: { code } });
    expect(trade.denial?.message).toContain(`simulateTransaction: ${rpcCode} invalid transaction`);
    expect(rig.faults).toEqual([]);
  });

  it('tells no more of what a node said than a line', async () => {
    await expect(readerOf(-32602, 'x'.repeat(10_000)).simulate(new Uint8Array(1))).rejects.toSatisfy(
      (error: Error) => error.message.length < 300,
    );
  });
});
