// Congestion on demand: others fill the blocks, a fee too low is not landed before its blockhash dies, a higher one is.
import { ComputeBudgetProgram } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import type { SlotConditions } from '../../localnet/engine/messages.js';
import { parseTransaction } from '../../localnet/engine/wire.js';
import { blockFees } from '../../localnet/ledger/prioritization-fees.js';
import { address, signedTransaction, smallGenesis, solTransfer, TestCluster } from './engine-fixture.js';

const BLOCK = 3_000_000;
const POOL = {
  address: address('pool'),
  ammConfig: address('config'),
  observation: address('observation'),
  token0Mint: address('mint'),
  token1Mint: address('mint-1'),
  token0Vault: address('vault-0'),
  token1Vault: address('vault-1'),
};

function congested(conditions: Partial<SlotConditions> = {}, seed = 'test') {
  return new TestCluster({
    seed,
    genesis: { ...smallGenesis(), pools: [POOL] },
    conditions: { blockCostLimit: BLOCK, loadRate: 1.5, confirmSlots: 1, ...conditions },
  });
}

function payment(hash: string, microLamports: number, lamports: bigint): Uint8Array {
  return signedTransaction(
    [
      ComputeBudgetProgram.setComputeUnitLimit({ units: 200_000 }),
      ComputeBudgetProgram.setComputeUnitPrice({ microLamports }),
      solTransfer(address('bob'), lamports),
    ],
    hash,
  );
}

function landed(cluster: TestCluster) {
  return cluster.outcomes().flatMap((one) => ('type' in one ? [] : [one]));
}

describe('the background load', () => {
  it('is off unless asked for', () => {
    const cluster = new TestCluster();
    cluster.step(3);
    expect(landed(cluster)).toEqual([]);
  });

  it('fills blocks with transactions that succeed and pay', () => {
    const cluster = congested({ loadRate: 3 });
    cluster.step(8);
    const all = landed(cluster);
    expect(all.filter((one) => one.err !== null)).toEqual([]);
    expect(all.every((one) => !one.external && one.fee > 5_000n)).toBe(true);
    for (const { slot } of cluster.blocks().slice(3)) {
      const units = all
        .filter((one) => one.slot === slot)
        .reduce((sum, one) => sum + Number(one.computeUnitsConsumed), 0);
      // Nothing of the least size would fit any more.
      expect(units).toBeGreaterThan(BLOCK - 1_400_000);
      expect(units).toBeLessThanOrEqual(BLOCK);
    }
  });

  it('leaves room where it offers less than a block', () => {
    const cluster = congested({ loadRate: 0.5 });
    cluster.step(2);
    const hash = cluster.headBlock().blockhash;
    expect(cluster.send(payment(hash, 0, 1n))).toHaveProperty('err', null);
  });

  it('lets a low fee expire and a higher one land', () => {
    const cluster = congested();
    cluster.step(10);
    const hash = cluster.headBlock().blockhash;
    const wires = [payment(hash, 1, 1n), payment(hash, 5_000_000, 2n)];
    for (let slot = 0; slot < 155; slot += 1) {
      // Sent again, as clients do: what a change of leaders has lost comes back.
      for (const wire of wires) cluster.engine.submit({ wire, external: true });
      cluster.step();
    }
    const ours = landed(cluster).filter((one) => one.external);
    expect(ours.map((one) => one.postBalances[1]! - one.preBalances[1]!)).toEqual([2n]);
    const signature = parseTransaction(wires[0]!).signature;
    const ends = cluster.outcomes().filter((one) => one.signature === signature);
    expect(ends.at(-1)).toHaveProperty('reason', 'expired');
  });

  it('is what getRecentPrioritizationFees tells, of all and of a pool that it writes', () => {
    const cluster = congested({ loadPoolRate: 1 });
    cluster.step(8);
    const newest = cluster.blocks().at(-1)!.slot;
    const fees = blockFees(landed(cluster).filter((one) => one.slot === newest));
    expect(fees.minimum).toBeGreaterThan(25_000);
    expect(fees.byWrittenAccount.get(POOL.token0Vault)).toBeGreaterThanOrEqual(fees.minimum);
  });

  it('is the same for the same seed, and another for another', () => {
    const run = (seed: string) => {
      const cluster = congested({ forkRate: 0.3, skipRate: 0.1 }, seed);
      cluster.step(12);
      return landed(cluster).map((one) => [one.slot, one.signature]);
    };
    const first = run('a');
    expect(first.length).toBeGreaterThan(50);
    expect(run('a')).toEqual(first);
    expect(run('b')).not.toEqual(first);
  });
});
