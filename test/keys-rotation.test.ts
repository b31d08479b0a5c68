/**
 * A rotation that is cut off at every point where a process can die: before each step, between writing a signature down
 * and sending it, after it landed, after the keystore was replaced. Run again each time, it ends with everything moved
 * once and nothing lost.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../localnet/cluster.js';
import { retiredName } from '../src/keys/key-names.js';
import { Keystore } from '../src/keys/keystore.js';
import { type RotationOptions, type RotationResult, rotateKey } from '../src/keys/rotation.js';
import { type PendingStep, StepFile } from '../src/keys/step-file.js';
import { TransactionLander } from '../src/keys/transaction-lander.js';
import type { Address } from '../src/model/brands.js';
import { ChainReader } from '../src/send/chain-reader.js';
import { RpcClient } from '../src/send/rpc-client.js';
import { RpcPool } from '../src/send/rpc-pool.js';
import { tokenHoldingsOf } from '../src/send/token-accounts.js';
import { systemClock } from '../src/time/clock.js';

const CHEAP_SCRYPT = { N: 2, r: 8, p: 1 };
const PASSPHRASE = 'for tests only';
const MIN_WALLET_LAMPORTS = 10_000_000n;
const MOST_RUNS = 100;

class Crash extends Error {}

/** Throws once at every point that it is asked about. */
class CrashPoints {
  readonly met = new Set<string>();

  at(point: string): void {
    if (this.met.has(point)) return;
    this.met.add(point);
    throw new Crash(point);
  }
}

class CrashingSteps extends StepFile {
  readonly #points: CrashPoints;
  constructor(directory: string, name: string, points: CrashPoints) {
    super(directory, name);
    this.#points = points;
  }
  override write(step: PendingStep): void {
    super.write(step);
    this.#points.at(`written and not sent: ${step.signature}`);
  }
  override clear(): void {
    this.#points.at(`landed and not cleared: ${this.read()?.signature}`);
    super.clear();
  }
}

let cluster: Cluster;
let client: RpcClient;
let rpc: RpcPool;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hotslot-rotation-'));
  mkdirSync(join(directory, 'steps'));
  const keystore = await Keystore.create(keystorePath(), PASSPHRASE, CHEAP_SCRYPT);
  for (const name of ['trading-key-1', 'trading-key-2', 'master']) keystore.generate(name).wipe();
  await keystore.save();
  cluster = await startCluster({
    seed: 'rotation',
    conditions: { slotMs: 20 },
    fund: keystore.entries().map((entry) => entry.address),
  });
  client = new RpcClient({ url: cluster.info.rpcUrl, connections: 2, timeoutMs: 5_000 });
  rpc = new RpcPool([client], systemClock);
});

afterAll(async () => {
  await client.close();
  await cluster.close();
  rmSync(directory, { recursive: true, force: true });
});

const names = (keystore: Keystore) => keystore.entries().map((entry) => entry.name);
const keystorePath = () => join(directory, 'keystore.json');

/** One life of the command. */
async function live(name: string, points: CrashPoints | undefined, more: Partial<RotationOptions> = {}) {
  const keystore = await Keystore.open(keystorePath(), PASSPHRASE);
  const save = keystore.save.bind(keystore);
  keystore.save = async () => {
    await save();
    points?.at(`saved ${names(keystore)}`);
  };
  const folder = join(directory, 'steps');
  const reader = new ChainReader(rpc);
  const steps = points === undefined ? new StepFile(folder, name) : new CrashingSteps(folder, name, points);
  return rotateKey({
    name,
    keystore,
    steps,
    lander: new TransactionLander({
      rpc,
      reader,
      steps,
      computeUnitPriceMicroLamports: 1_000n,
      sleep: () => new Promise((resolve) => setTimeout(resolve, 20)),
    }),
    lamportsOf: async (address) =>
      (await reader.accounts([address], 'confirmed')).accounts[0]?.lamports ?? 0n,
    holdingsOf: (address) => tokenHoldingsOf(rpc, address),
    minWalletLamports: MIN_WALLET_LAMPORTS,
    reloadExecutor: async () => points?.at(`reloaded ${names(keystore)}`),
    isTradingOver: async () => true,
    onStep: (text) => points?.at(text),
    ...more,
  });
}

/** Tokens by mint, and lamports, of several wallets together. */
async function wealth(addresses: readonly Address[]): Promise<Map<string, bigint>> {
  const sum = new Map<string, bigint>();
  const add = (mint: string, amount: bigint) => sum.set(mint, (sum.get(mint) ?? 0n) + amount);
  for (const address of addresses) {
    const { accounts } = await new ChainReader(rpc).accounts([address], 'confirmed');
    add('lamports', accounts[0]?.lamports ?? 0n);
    for (const { mint, amount } of await tokenHoldingsOf(rpc, address)) add(mint, amount);
  }
  return sum;
}

const addressOf = async (name: string) => {
  const keystore = await Keystore.open(keystorePath(), PASSPHRASE);
  return keystore.entries().find((entry) => entry.name === name)!.address;
};

describe('rotating a key', () => {
  it('is cut off at every point, run again, and moves everything once', async () => {
    const [old, master] = [await addressOf('trading-key-1'), await addressOf('master')];
    const before = await wealth([old, master]);
    const points = new CrashPoints();
    let result: RotationResult | undefined;
    for (let run = 0; run < MOST_RUNS && result === undefined; run++) {
      try {
        result = await live('trading-key-1', points);
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      }
    }
    const at = (point: string) => [...points.met].filter((met) => met.startsWith(point)).length;
    // Funded, accounts opened twice, six mints moved, and the rest of the SOL.
    expect([at('written and not sent'), at('landed and not cleared')]).toEqual([10, 10]);
    expect([at('saved'), at('reloaded'), at('moving')]).toEqual([3, 2, 7]);
    const opening = [...points.met].filter((met) => met.startsWith('opening'));
    expect(opening).toEqual(['opening 5 token accounts', 'opening 1 token account']);
    expect(result).toMatchObject({
      done: true,
      oldAddress: old,
      retiredAs: 'retired-trading-key-1-1',
      left: [],
    });
    const successor = await addressOf('trading-key-1');
    expect(successor).toBe(result!.newAddress);
    expect(await addressOf('retired-trading-key-1-1')).toBe(old);
    const gone = await wealth([old]);
    expect([...gone.values()].every((amount) => amount === 0n)).toBe(true);
    const after = await wealth([successor, master]);
    const taxed = cluster.genesis.mints.find((mint) => mint.symbol === 'TAX')!.address;
    for (const [mint, amount] of before) {
      if (mint === 'lamports') {
        // Fees, and the rent of token accounts that were opened; that of the closed ones came along.
        expect(before.get(mint)! - after.get(mint)!).toBeLessThan(20_000_000n);
      } else if (mint === taxed) {
        expect(after.get(mint)).toBe(amount - fee(before, mint, await wealth([master])));
      } else expect(after.get(mint)).toBe(amount);
    }
  });

  it('waits for the last trade: until then the successor has the name, and the old key keeps what it holds', async () => {
    const old = await addressOf('trading-key-2');
    const held = await wealth([old]);
    const first = await live('trading-key-2', undefined, { isTradingOver: async () => false });
    expect(first).toMatchObject({ done: false, oldAddress: old });
    expect(await addressOf('trading-key-2')).toBe(first.newAddress);
    expect(await addressOf('retiring-trading-key-2')).toBe(old);
    expect(await wealth([old])).toEqual(held);
    const second = await live('trading-key-2', undefined);
    expect(second).toMatchObject({ done: true, oldAddress: old, newAddress: first.newAddress });
  });

  it('rotates the master key too, which pays for itself', async () => {
    const old = await addressOf('master');
    const result = await live('master', undefined);
    expect(result).toMatchObject({ done: true, oldAddress: old });
    expect((await wealth([result.newAddress])).get('lamports')).toBeGreaterThan(1_000_000_000n);
    expect((await wealth([old])).get('lamports')).toBe(0n);
  });

  it('names a retired key by the first number that is free', () => {
    expect(retiredName('master', new Set(['retired-master-1']))).toBe('retired-master-2');
  });
});

/** What the mint itself takes of the one transfer, 1% rounded up: the master's part did not move. */
function fee(before: ReadonlyMap<string, bigint>, mint: string, master: ReadonlyMap<string, bigint>): bigint {
  const moved = before.get(mint)! - (master.get(mint) ?? 0n);
  return (moved + 99n) / 100n;
}
