// What a dead slot or a lost fork wrote has to vanish without a trace (L7), or the cluster would teach executors
// that processed is final.
import { describe, expect, it } from 'vitest';
import type { SlotConditions } from '../../localnet/engine/messages.js';
import { address, signedTransaction, solTransfer, systemAccount, TestCluster } from './engine-fixture.js';

const NO_MISFORTUNE: Partial<SlotConditions> = { forkRate: 0, deadRate: 0, skipRate: 0, leaderSkipRate: 0 };

function transfers(cluster: TestCluster, count: number): Uint8Array[] {
  const { blockhash } = cluster.headBlock();
  return Array.from({ length: count }, (_, index) =>
    signedTransaction([solTransfer(address('bob'), BigInt(1_000 + index))], blockhash),
  );
}

/** Lamports as the runtime itself has them, whatever the stream said. */
function lamports(cluster: TestCluster, name: string): bigint {
  return cluster.engine.simulate({
    wire: signedTransaction([solTransfer(address('bob'), 1n)], address('any'), {}),
    sigVerify: false,
    replaceRecentBlockhash: false,
    accounts: [address(name)],
  }).accounts[0]!.lamports;
}

/** Steps until a block of a lost fork is open. */
function clusterInLostFork(): TestCluster {
  const cluster = new TestCluster({ conditions: { confirmSlots: 2 } });
  cluster.step(3);
  cluster.engine.setConditions({ forkRate: 1 });
  cluster.step();
  cluster.engine.setConditions({ forkRate: 0 });
  return cluster;
}

function rollbacks(cluster: TestCluster): number[] {
  return cluster.events.flatMap((event) => (event.type === 'rollback' ? event.slots : []));
}

describe('a lost fork', () => {
  it('is processed, then silent; the next block names an earlier parent and continues its height', () => {
    const cluster = clusterInLostFork();
    const lostSlot = cluster.engine.currentSlot();
    const base = cluster.headBlock();
    cluster.step(6);
    const lost = rollbacks(cluster);
    expect(lost).toContain(lostSlot);
    for (const slot of lost) {
      expect(cluster.statuses(slot)).toEqual(['firstShred', 'createdBank', 'completed', 'processed']);
    }
    const next = cluster.blocks().find((block) => block.slot > lost.at(-1)!)!;
    expect(next.parentSlot).toBe(base.slot);
    expect(next.blockHeight).toBe(base.blockHeight + 1);
    expect(next.parentBlockhash).toBe(base.blockhash);
  });

  it('leaves the state as it was before, and the same bytes land again', () => {
    const cluster = clusterInLostFork();
    const before = [lamports(cluster, 'alice'), lamports(cluster, 'bob')];
    const sent = transfers(cluster, 30);
    for (const wire of sent) expect(cluster.land(wire).err).toBeNull();
    expect(lamports(cluster, 'bob')).not.toBe(before[1]);
    const from = cluster.events.length;
    while (rollbacks(cluster).length === 0) cluster.step();
    const returned = new Set(cluster.outcomes(from).flatMap((one) => ('fee' in one ? [one.signature] : [])));
    const forked = cluster.outcomes(from).filter((one) => 'reason' in one && one.reason === 'forked');
    expect(returned.size + forked.length).toBe(30);
    expect(returned.size).toBeGreaterThan(5);
    expect(forked.length).toBeGreaterThan(5);
    for (const wire of sent) cluster.send(wire);
    const landed = cluster.outcomes(from).filter((one) => 'fee' in one);
    expect(new Set(landed.map((one) => one.signature)).size).toBe(30);
    expect(landed).toHaveLength(30);
    const moved = sent.reduce((sum, _, index) => sum + 1_000n + BigInt(index), 0n);
    expect(lamports(cluster, 'bob')).toBe(before[1]! + moved);
    expect(lamports(cluster, 'alice')).toBe(before[0]! - moved - 30n * 5_000n);
  });

  it('takes its blockhashes with it', () => {
    const cluster = clusterInLostFork();
    cluster.step();
    const forkHash = cluster.headBlock().blockhash;
    expect(cluster.headBlock().slot).toBe(5);
    while (rollbacks(cluster).length === 0) cluster.step();
    expect(cluster.send(signedTransaction([solTransfer(address('bob'), 7n)], forkHash))).toMatchObject({
      reason: 'expired',
    });
  });

  it('is never confirmed, at any seed, and write versions and slots never run back', () => {
    for (const seed of ['a', 'b', 'c', 'd']) {
      const cluster = new TestCluster({
        seed,
        conditions: { forkRate: 0.2, deadRate: 0.1, skipRate: 0.1, leaderSkipRate: 0.1 },
      });
      for (let count = 0; count < 300; count += 1) {
        cluster.send(
          signedTransaction([solTransfer(address('bob'), BigInt(count + 1))], cluster.headBlock().blockhash),
        );
        cluster.step();
      }
      const lost = new Set(rollbacks(cluster));
      expect(lost.size).toBeGreaterThan(20);
      for (const slot of lost) expect(cluster.statuses(slot)).not.toContain('confirmed');
      const versions = cluster.writes().map((write) => write.writeVersion);
      expect(versions).toEqual([...versions].sort((a, b) => (a < b ? -1 : 1)));
      expect(new Set(versions).size).toBe(versions.length);
      const slots = cluster.blocks().map((block) => block.slot);
      expect(slots).toEqual([...slots].sort((a, b) => a - b));
    }
  });

  it('does not lose what the cluster itself wrote', () => {
    const cluster = clusterInLostFork();
    cluster.engine.setAccount(address('edited'), systemAccount(77_000_000n));
    while (rollbacks(cluster).length === 0) cluster.step();
    expect(lamports(cluster, 'edited')).toBe(77_000_000n);
    expect(cluster.writes().filter((write) => write.address === address('edited'))).toHaveLength(2);
  });
});

describe('a dead slot', () => {
  it('streams its writes, is declared dead, never processed, and is undone', () => {
    const cluster = new TestCluster({ conditions: { deadRate: 1 } });
    const before = lamports(cluster, 'bob');
    const landed = cluster.land(transfers(cluster, 1)[0]!);
    expect(landed.slot).toBe(1);
    cluster.engine.setConditions(NO_MISFORTUNE);
    cluster.step();
    expect(cluster.statuses(1)).toEqual(['firstShred', 'createdBank', 'dead']);
    expect(rollbacks(cluster)).toEqual([1]);
    const returned = cluster.outcomes().filter((one) => 'fee' in one).length - 1;
    expect(lamports(cluster, 'bob')).toBe(before + BigInt(returned) * 1_000n);
    cluster.step();
    expect(cluster.headBlock().parentSlot).toBe(0);
  });
});

describe('skipped slots', () => {
  it('make no block: height parts from the slot, and what arrives waits for the next block', () => {
    const cluster = new TestCluster();
    cluster.step(2);
    cluster.engine.setConditions({ skipRate: 1 });
    cluster.step();
    const [wire] = transfers(cluster, 1);
    expect(cluster.send(wire!)).toBeUndefined();
    cluster.step(2);
    cluster.engine.setConditions(NO_MISFORTUNE);
    cluster.step();
    expect(cluster.outcomes()).toMatchObject([{ slot: 7, err: null }]);
    cluster.step();
    expect(cluster.headBlock()).toMatchObject({ slot: 7, blockHeight: 4, parentSlot: 3 });
    expect(cluster.statuses(4)).toEqual([]);
  });

  it('come in whole windows of one leader', () => {
    const cluster = new TestCluster({ conditions: { leaderSkipRate: 0.3 } });
    cluster.step(400);
    const made = new Set(cluster.blocks().map((block) => block.slot));
    let absent = 0;
    for (let window = 1; window < 100; window += 1) {
      const count = [0, 1, 2, 3].filter((offset) => made.has(window * 4 + offset)).length;
      expect([0, 4]).toContain(count);
      if (count === 0) absent += 1;
    }
    expect(absent).toBeGreaterThan(15);
    expect(absent).toBeLessThan(45);
  });
});

describe('confirmation', () => {
  it('comes two slots later and finality thirty-two, in order', () => {
    const cluster = new TestCluster();
    cluster.step(40);
    const at = (slot: number, status: string) =>
      cluster.events.findIndex(
        (event) => event.type === 'slot' && event.slot === slot && event.status === status,
      );
    expect(at(3, 'confirmed')).toBeGreaterThan(at(5, 'processed'));
    expect(at(3, 'confirmed')).toBeLessThan(at(6, 'firstShred'));
    expect(at(3, 'finalized')).toBeGreaterThan(at(35, 'processed'));
    expect(at(3, 'finalized')).toBeLessThan(at(36, 'firstShred'));
  });
});
