// The engine behind its client: a thread of its own, stepped by hand, with everything else real.
import { createHash } from 'node:crypto';
import { createTransferInstruction } from '@solana/spl-token';
import { afterEach, describe, expect, it } from 'vitest';
import { type Engine, startEngine } from '../../localnet/engine/engine-client.js';
import type { BlockEvent, EngineEvent, ExecutedTransaction } from '../../localnet/engine/messages.js';
import type { WorkerOptions } from '../../localnet/engine/protocol.js';
import { WireError } from '../../localnet/engine/wire-error.js';
import {
  address,
  keypair,
  SOL,
  signedTransaction,
  smallGenesis,
  solTransfer,
  systemAccount,
} from './engine-fixture.js';

const open: Engine[] = [];

async function engineWithEvents(options: Partial<WorkerOptions> = {}) {
  const engine = await startEngine({
    genesis: smallGenesis(),
    genesisHash: address('genesis'),
    seed: 'thread',
    manualClock: true,
    ...options,
  });
  open.push(engine);
  const events: EngineEvent[] = [];
  engine.onEvents((batch) => events.push(...batch));
  engine.run();
  await engine.step();
  return { engine, events };
}

function headOf(events: EngineEvent[]): BlockEvent {
  return events.findLast((event) => event.type === 'block')!;
}

function transactionsOf(events: EngineEvent[]): ExecutedTransaction[] {
  return events.flatMap((event) => (event.type === 'transaction' ? [event.transaction] : []));
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((engine) => engine.close()));
});

describe('the engine in its thread', () => {
  it('announces the root with programs, mints and wallets before anything else', async () => {
    const { events } = await engineWithEvents({ startSlot: 100 });
    const [first, block] = events;
    const announced = first?.type === 'accounts' ? first.writes.map((write) => write.address) : [];
    expect(announced).toEqual(
      expect.arrayContaining([address('alice'), 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA']),
    );
    expect(announced).toContain('So11111111111111111111111111111111111111112');
    expect(block).toMatchObject({ type: 'block', slot: 100, blockhash: address('genesis') });
  });

  it('captures a token transfer whole', async () => {
    const { engine, events } = await engineWithEvents();
    const [from, to] = [keypair('alice-token').publicKey, keypair('bob-token').publicKey];
    const transfer = createTransferInstruction(from, to, keypair('alice').publicKey, 250n);
    const wire = signedTransaction([transfer], headOf(events).blockhash);
    const { signature } = engine.submit(wire);
    await engine.step();
    const [landed] = transactionsOf(events);
    expect(landed).toMatchObject({
      signature,
      err: null,
      fee: 5_000n,
      external: true,
      index: 0,
      isVote: false,
    });
    expect(Buffer.from(landed!.wire)).toEqual(Buffer.from(wire));
    const byOwner = (balances: ExecutedTransaction['preTokenBalances']) =>
      Object.fromEntries(balances.map((one) => [one.owner, one.amount]));
    expect(byOwner(landed!.preTokenBalances)).toEqual({
      [address('alice')]: 10n ** 15n,
      [address('bob')]: 10n ** 15n,
    });
    expect(byOwner(landed!.postTokenBalances)).toEqual({
      [address('alice')]: 10n ** 15n - 250n,
      [address('bob')]: 10n ** 15n + 250n,
    });
    expect(landed!.preTokenBalances[0]).toMatchObject({ mint: address('mint'), decimals: 6 });
    expect(landed!.writes.map((write) => write.address).sort()).toEqual(
      [address('alice'), address('alice-token'), address('bob-token')].sort(),
    );
    expect(landed!.computeUnitsConsumed).toBeGreaterThan(0n);
  });

  it('refuses bytes at once, and bad signatures where they are verified', async () => {
    const { engine, events } = await engineWithEvents();
    expect(() => engine.submit(new Uint8Array(10))).toThrow(WireError);
    const wire = signedTransaction([solTransfer(address('bob'), 1n)], headOf(events).blockhash);
    wire[5]! ^= 1;
    const request = { wire, sigVerify: true, replaceRecentBlockhash: false, accounts: [] };
    await expect(engine.simulate(request)).rejects.toMatchObject({ name: 'WireError', reason: 'signature' });
    await expect(engine.setConditions({ skipRate: 2 })).rejects.toBeInstanceOf(RangeError);
    expect(engine.conditions().skipRate).toBe(0);
  });

  it('pays airdrops by transfers with signatures of their own', async () => {
    const { engine, events } = await engineWithEvents();
    const signatures = [await engine.airdrop(address('new'), SOL), await engine.airdrop(address('new'), SOL)];
    await engine.step();
    expect(transactionsOf(events).map((one) => one.signature)).toEqual(signatures);
    expect(transactionsOf(events).at(-1)!.writes.at(-1)).toMatchObject({
      address: address('new'),
      account: { lamports: 2n * SOL },
    });
  });

  it('holds transactions back for the network delay', async () => {
    const { engine, events } = await engineWithEvents();
    const { blockhash } = headOf(events);
    await engine.setConditions({ leaderDelayMs: 900, leaderDelayJitterMs: 0 });
    engine.submit(signedTransaction([solTransfer(address('bob'), 1n)], blockhash));
    await engine.step(2);
    expect(transactionsOf(events)).toEqual([]);
    await engine.step();
    expect(transactionsOf(events)).toHaveLength(1);
    engine.submit(signedTransaction([solTransfer(address('bob'), 2n)], blockhash), { delayMs: 0 });
    await engine.setConditions({});
    expect(transactionsOf(events)).toHaveLength(2);
  });

  it('makes the same run of the same seed, and another of another', async () => {
    const conditions = { skipRate: 0.1, leaderSkipRate: 0.1, forkRate: 0.1, deadRate: 0.05 };
    const run = async (seed: string) => {
      const { engine, events } = await engineWithEvents({ seed, conditions });
      for (let count = 0; count < 100; count += 1) {
        engine.submit(
          signedTransaction([solTransfer(address('bob'), BigInt(count + 1))], headOf(events).blockhash),
        );
        await engine.step();
      }
      const text = JSON.stringify(events, (_, value) => (typeof value === 'bigint' ? `${value}` : value));
      return createHash('sha256').update(text).digest('hex');
    };
    const first = await run('one');
    expect(await run('one')).toBe(first);
    expect(await run('two')).not.toBe(first);
  });

  it('goes on from a snapshot: slot, height, versions, duplicates and balances', async () => {
    const conditions = { forkRate: 0.3, leaderDelayMs: 0, leaderDelayJitterMs: 0 };
    const { engine, events } = await engineWithEvents({ conditions });
    await engine.step(20);
    await engine.setConditions({ forkRate: 0 });
    await engine.step(4);
    const wire = signedTransaction([solTransfer(address('bob'), 9n)], headOf(events).blockhash);
    engine.submit(wire);
    await engine.step();
    const head = headOf(events);
    const before = transactionsOf(events).at(-1)!;
    await engine.setAccount(address('unfinished'), systemAccount(SOL));
    const snapshot = await engine.snapshot();
    // The open block is not in the snapshot, and taking one does not disturb it.
    engine.submit(signedTransaction([solTransfer(address('unfinished'), 1n)], head.blockhash));
    await engine.step();
    expect(transactionsOf(events).at(-1)).toMatchObject({ err: null });

    const restored = await engineWithEvents({ snapshot, conditions: { ...conditions, forkRate: 0 } });
    const [announced] = restored.events;
    const writes = announced?.type === 'accounts' ? announced.writes : [];
    expect(writes.find((write) => write.address === address('bob'))?.account.lamports).toBe(
      1_000n * SOL + 9n,
    );
    expect(writes.some((write) => write.address === address('unfinished'))).toBe(false);
    expect(writes[0]!.writeVersion).toBeGreaterThan(before.writes.at(-1)!.writeVersion);
    expect(headOf(restored.events)).toMatchObject({
      parentSlot: head.slot,
      blockHeight: head.blockHeight + 1,
    });
    expect(headOf(restored.events).slot).toBeGreaterThan(head.slot);
    restored.engine.submit(wire);
    await restored.engine.step();
    expect(restored.events).toContainEqual(expect.objectContaining({ type: 'dropped', reason: 'duplicate' }));
    await expect(startEngine({ ...otherChain(), snapshot })).rejects.toThrow('belongs to the chain');
  });

  it('answers pending calls with an error when it is closed', async () => {
    const { engine } = await engineWithEvents();
    const step = engine.step(50_000);
    const closing = engine.close();
    await expect(Promise.allSettled([step, closing])).resolves.toHaveLength(2);
    await expect(engine.step()).rejects.toThrow('closed');
  });
});

function otherChain(): WorkerOptions {
  return { genesis: smallGenesis(), genesisHash: address('other'), seed: 'thread', manualClock: true };
}
