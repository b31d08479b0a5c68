// Blocks are full on mainnet, and then the better paid go first: what finds no room waits, expires or gets lost.
import { ComputeBudgetProgram, type Keypair } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import { createLeaderSchedule, SLOTS_PER_WINDOW } from '../../localnet/engine/schedule.js';
import type { Genesis } from '../../localnet/genesis/types.js';
import {
  address,
  keypair,
  SOL,
  signedTransaction,
  smallGenesis,
  solTransfer,
  systemAccount,
  TestCluster,
} from './engine-fixture.js';

/** The least that may be set: one transaction that asks for all units takes nearly all of a block. */
const SMALL_BLOCK = 1_500_000;
const BIG = 1_400_000;
const WALLETS = 12;
/** Payments that ask for all units, one after the other: the last of them find no room in a small block. */
const FILLING = 60;

interface Payment {
  readonly units?: number;
  readonly price?: number;
  readonly from?: Keypair;
}

let paid = 0n;

/** Each pays itself, so that no two write the same account. */
function payment(hash: string, { units = 1_000, price = 0, from = wallet(0) }: Payment): Uint8Array {
  paid += 1n;
  return signedTransaction(
    [
      ComputeBudgetProgram.setComputeUnitLimit({ units }),
      ComputeBudgetProgram.setComputeUnitPrice({ microLamports: price }),
      solTransfer(from.publicKey.toBase58(), paid, from),
    ],
    hash,
    { signers: [from] },
  );
}

function wallet(index: number): Keypair {
  return keypair(`wallet-${index}`);
}

function genesis(): Genesis {
  const base = smallGenesis();
  const wallets = Array.from({ length: WALLETS }, (_, index) => ({
    address: address(`wallet-${index}`),
    account: systemAccount(1_000n * SOL),
  }));
  return { ...base, accounts: [...base.accounts, ...wallets] };
}

/** All reach the leader before it looks at any. */
function sendAll(cluster: TestCluster, wires: readonly Uint8Array[]): void {
  for (const wire of wires) cluster.engine.submit({ wire, external: true });
  cluster.engine.run();
}

function landedFrom(cluster: TestCluster, from = 0): string[] {
  return cluster.outcomes(from).flatMap((one) => ('type' in one ? [] : [one.accountKeys[0]!]));
}

function reasons(cluster: TestCluster): string[] {
  return cluster.outcomes().flatMap((one) => ('type' in one ? [one.reason] : []));
}

function start(conditions = {}) {
  const cluster = new TestCluster({ genesis: genesis(), conditions });
  return { cluster, hash: cluster.headBlock().blockhash };
}

describe('the order within a block', () => {
  it('is by reward for a unit of cost, and by arrival among equals', () => {
    const { cluster, hash } = start();
    const prices = [0, 500_000, 20_000, 500_000, 1_000_000];
    sendAll(
      cluster,
      prices.map((price, index) => payment(hash, { price, from: wallet(index) })),
    );
    expect(landedFrom(cluster)).toEqual([4, 1, 3, 2, 0].map((index) => address(`wallet-${index}`)));
  });

  it('is that of arrival where each is executed before the next has come', () => {
    const { cluster, hash } = start();
    for (const [index, price] of [0, 500_000, 20_000].entries()) {
      cluster.land(payment(hash, { price, from: wallet(index) }));
    }
    expect(landedFrom(cluster)).toEqual([0, 1, 2].map((index) => address(`wallet-${index}`)));
  });
});

describe('a block', () => {
  it('takes no more than its limit, and counts what was used, not what was asked for', () => {
    const { cluster, hash } = start({ blockCostLimit: SMALL_BLOCK });
    // Each asks for nearly the whole block and uses some thousands.
    const wires = [0, 1, 2, 3].map((index) => payment(hash, { units: BIG, from: wallet(index) }));
    sendAll(cluster, wires);
    expect(landedFrom(cluster).length).toBe(4);
    const asked = Array.from({ length: FILLING }, () => payment(hash, { units: BIG }));
    sendAll(cluster, asked);
    const inFirst = landedFrom(cluster).length;
    expect(inFirst).toBeGreaterThan(10);
    expect(inFirst).toBeLessThan(64);
    cluster.step(3);
    expect(landedFrom(cluster).length).toBe(64);
    expect(reasons(cluster)).toEqual([]);
  });

  it('still takes a small one when a large one finds no room', () => {
    const { cluster, hash } = start({ blockCostLimit: SMALL_BLOCK });
    sendAll(
      cluster,
      Array.from({ length: FILLING }, () => payment(hash, { units: BIG, price: 1_000 })),
    );
    expect(cluster.send(payment(hash, { units: BIG, from: wallet(1) }))).toBeUndefined();
    expect(cluster.send(payment(hash, { units: 1_000, from: wallet(2) }))).toHaveProperty('slot', 1);
  });

  it('takes no more than the limit of what writes the same account', () => {
    const { cluster, hash } = start({ accountCostLimit: SMALL_BLOCK });
    sendAll(
      cluster,
      Array.from({ length: FILLING }, () => payment(hash, { units: BIG })),
    );
    const onFirst = landedFrom(cluster).length;
    expect(onFirst).toBeLessThan(60);
    // Another payer's accounts are free.
    expect(cluster.send(payment(hash, { units: BIG, from: wallet(1) }))).toHaveProperty('slot', 1);
    cluster.step(3);
    expect(landedFrom(cluster).length).toBe(61);
  });
});

describe('what finds no room', () => {
  /** With these, wallet 0 leaves room in a block for nothing large. */
  const filling = (hash: string) =>
    Array.from({ length: FILLING }, () => payment(hash, { units: BIG, price: 1_000 }));

  function full() {
    const { cluster, hash } = start({ blockCostLimit: SMALL_BLOCK });
    sendAll(cluster, filling(hash));
    return { cluster, hash };
  }

  it('goes before what comes later and pays less, in the next block', () => {
    const { cluster, hash } = full();
    const from = cluster.events.length;
    sendAll(cluster, [
      payment(hash, { units: BIG, from: wallet(1), price: 10 }),
      payment(hash, { units: BIG, from: wallet(2), price: 20 }),
    ]);
    expect(landedFrom(cluster, from)).toEqual([]);
    cluster.step();
    const landed = landedFrom(cluster, from).filter((payer) => payer !== address('wallet-0'));
    expect(landed).toEqual([address('wallet-2'), address('wallet-1')]);
  });

  it.each([
    { passes: 'to the same leader', slotsBefore: 2, losesSome: false },
    { passes: 'to another leader', slotsBefore: 1, losesSome: true },
  ])('$passes: lost with some, or with none', ({ slotsBefore, losesSome }) => {
    const leaderAt = createLeaderSchedule('test', genesis().validators);
    let change = SLOTS_PER_WINDOW;
    while (leaderAt(change) === leaderAt(change - 1)) change += SLOTS_PER_WINDOW;
    const { cluster } = start({ blockCostLimit: SMALL_BLOCK });
    while (cluster.engine.currentSlot() < change - slotsBefore) cluster.step();
    const { blockhash } = cluster.headBlock();
    sendAll(cluster, filling(blockhash));
    const waiting = Array.from({ length: 11 }, (_, index) => wallet(index + 1));
    sendAll(
      cluster,
      waiting.map((from) => payment(blockhash, { units: BIG, from })),
    );
    cluster.step();
    const landed = landedFrom(cluster).filter((payer) => payer !== address('wallet-0')).length;
    expect(landed).toBeGreaterThan(0);
    expect(landed < waiting.length).toBe(losesSome);
    expect(reasons(cluster).includes('leaderChange')).toBe(losesSome);
  });

  it('counts once, however often it is sent', () => {
    const { cluster, hash } = full();
    const wire = payment(hash, { units: BIG, from: wallet(1) });
    sendAll(cluster, [wire, wire, wire]);
    expect(reasons(cluster)).toEqual(['duplicate', 'duplicate']);
    cluster.step();
    expect(landedFrom(cluster)).toContain(address('wallet-1'));
  });
});

describe('a full buffer', () => {
  it('drops the worst paid, whether it is the newest or not', () => {
    const { cluster, hash } = start({ bufferTransactions: 2 });
    const wires = [30_000, 10_000, 20_000, 5_000].map((price, index) =>
      payment(hash, { price, from: wallet(index) }),
    );
    sendAll(cluster, wires);
    expect(landedFrom(cluster)).toEqual([address('wallet-0'), address('wallet-2')]);
    expect(reasons(cluster)).toEqual(['overload', 'overload']);
  });
});
