// A blockhash serves for exactly 151 hashes, and a signature lands once in all that time: executors that count
// slots instead of blocks, or resend too long, have to meet here what they would meet on a real cluster.
import { describe, expect, it } from 'vitest';
import { address, signedTransaction, solTransfer, TestCluster } from './engine-fixture.js';

const transferOn = (hash: string, lamports: bigint) =>
  signedTransaction([solTransfer(address('bob'), lamports)], hash);

describe('blockhash validity', () => {
  it('lands with 150 blocks on top of its hash and expires with 151', () => {
    const cluster = new TestCluster();
    const hash = cluster.headBlock();
    const last = transferOn(hash.blockhash, 1n);
    const late = transferOn(hash.blockhash, 2n);
    cluster.step(150);
    expect(cluster.headBlock().blockHeight - hash.blockHeight).toBe(150);
    expect(cluster.land(last).err).toBeNull();
    cluster.step(1);
    expect(cluster.send(late)).toMatchObject({ type: 'dropped', reason: 'expired' });
  });

  it('counts blocks, not slots', () => {
    const cluster = new TestCluster({ conditions: { skipRate: 0.5 } });
    const hash = cluster.headBlock();
    while (cluster.headBlock().blockHeight < hash.blockHeight + 150) cluster.step();
    cluster.engine.setConditions({ skipRate: 0 });
    const slots = cluster.headBlock().slot - hash.slot;
    expect(slots).toBeGreaterThan(200);
    const from = cluster.events.length;
    cluster.engine.submit({ wire: transferOn(hash.blockhash, 1n), external: true });
    cluster.step();
    expect(cluster.outcomes(from)).toMatchObject([{ err: null }]);
  });

  it('refuses a hash that no block has', () => {
    const cluster = new TestCluster();
    expect(cluster.send(transferOn(address('unknown'), 1n))).toMatchObject({ reason: 'expired' });
    expect(
      cluster.engine.simulate({
        wire: transferOn(address('unknown'), 1n),
        sigVerify: true,
        replaceRecentBlockhash: false,
        accounts: [],
      }).err,
    ).toBe('BlockhashNotFound');
  });
});

describe('duplicates', () => {
  it('are refused in the same block, and in the last one in which the hash serves', () => {
    const cluster = new TestCluster();
    const wire = transferOn(cluster.headBlock().blockhash, 1n);
    cluster.land(wire);
    expect(cluster.send(wire)).toMatchObject({ reason: 'duplicate' });
    for (let block = 1; block <= 150; block += 1) {
      cluster.step();
      expect(cluster.send(wire), `block ${block}`).toMatchObject({ reason: 'duplicate' });
    }
    cluster.step();
    expect(cluster.send(wire)).toMatchObject({ reason: 'expired' });
  });

  it('pay one fee', () => {
    const cluster = new TestCluster();
    const wire = transferOn(cluster.headBlock().blockhash, 1n);
    const landed = cluster.land(wire);
    cluster.send(wire);
    cluster.step();
    cluster.send(wire);
    expect(cluster.account(address('alice'))!.lamports).toBe(landed.postBalances[0]);
    expect(cluster.outcomes().filter((outcome) => 'fee' in outcome)).toHaveLength(1);
  });
});
