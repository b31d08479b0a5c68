/** A cluster as anyone's test starts it: in this process, slots by hand, nothing left behind. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Cluster, type ClusterOptions, startCluster } from '../../localnet/cluster.js';
import { admin, call } from './cluster-rpc.js';
import { address, signedTransaction, solTransfer } from './engine-fixture.js';
import { addressOf } from './ledger-events.js';

const running: Cluster[] = [];
afterEach(async () => {
  for (const cluster of running.splice(0)) await cluster.close();
});

async function start(options: Partial<ClusterOptions> = {}): Promise<Cluster> {
  const cluster = await startCluster({ manual: true, seed: 'test', ...options });
  running.push(cluster);
  return cluster;
}

describe('a cluster started from code', () => {
  it('answers on every port it names and has what genesis made', async () => {
    const funded = addressOf(5);
    const { info, genesis, ledger } = await start({ wallets: 2, fund: [funded] });
    expect(await (await fetch(`${info.rpcUrl}/health`)).text()).toBe('ok');
    expect(await call(info.rpcUrl, 'getGenesisHash')).toBe(info.genesisHash);
    expect((await admin(info.adminUrl, 'GET', '/info')).body).toEqual(info);
    expect(info.pools).toHaveLength(8);
    expect(info.wallets).toEqual([...genesis.wallets.map(({ address }) => address), funded]);
    for (const wallet of info.wallets) {
      expect(ledger.account(wallet, 'finalized')?.account.lamports).toBeGreaterThan(0n);
      expect(ledger.tokenAccountsByWallet(wallet, 'finalized')).toHaveLength(info.mints.length);
    }
    expect(JSON.stringify(info)).not.toContain('secret');
  });

  it('lands a transaction and raises its status as slots pass', async () => {
    const { info, engine, ledger } = await start();
    const to = addressOf(9);
    const signature = await call<string>(info.rpcUrl, 'requestAirdrop', [to, 1_000_000_000]);
    await engine.step(2);
    expect(ledger.signatureStatus(signature, false)?.commitment).toBe('processed');
    expect(ledger.account(to, 'processed')?.account.lamports).toBe(1_000_000_000n);
    expect(ledger.account(to, 'confirmed')).toBeUndefined();
    await engine.step(2);
    expect(ledger.signatureStatus(signature, false)?.commitment).toBe('confirmed');
    await engine.step(32);
    expect(ledger.signatureStatus(signature, false)).toMatchObject({
      commitment: 'finalized',
      confirmations: null,
    });
  });

  it('moves prices by its market, and every swap succeeds', async () => {
    const { engine, ledger, feed, info, market } = await start({ marketSwapsPerSecond: 50 });
    const amountOf = (vault: string): bigint =>
      Buffer.from(ledger.account(vault, 'processed')!.account.data).readBigUInt64LE(64);
    const ratios = () =>
      info.pools.map((pool) => Number(amountOf(pool.token1Vault)) / Number(amountOf(pool.token0Vault)));
    const before = ratios();
    const errors: unknown[] = [];
    feed.subscribe((event) => {
      if (event.type === 'transaction' && event.transaction.err !== null) errors.push(event.transaction);
    });
    for (let slot = 0; slot < 60; slot += 1) await engine.step();
    const after = ratios();
    expect(errors).toEqual([]);
    expect(ledger.transactionCount('processed')).toBeGreaterThan(1_000);
    expect(market.sentTotal()).toBeGreaterThanOrEqual(ledger.transactionCount('processed'));
    for (const [index, ratio] of after.entries()) {
      expect(ratio).not.toBe(before[index]);
      expect(Math.abs(Math.log(ratio / before[index]!))).toBeLessThan(0.05);
    }
  });

  it('runs the same way for the same seed and another way for another', async () => {
    const run = async (seed: string) => {
      const cluster = await start({
        seed,
        marketSwapsPerSecond: 20,
        conditions: { skipRate: 0.2, forkRate: 0.1, deadRate: 0.1 },
      });
      for (let slot = 0; slot < 30; slot += 1) await cluster.engine.step();
      const { genesisHash } = cluster.info;
      const { slot, blockHeight } = cluster.ledger.latestBlockhash('processed');
      const fees = cluster.ledger.recentPrioritizationFees([]);
      return {
        genesisHash,
        slot,
        blockHeight,
        fees,
        transactions: cluster.ledger.transactionCount('processed'),
      };
    };
    const first = await run('one');
    expect(await run('one')).toEqual(first);
    expect((await run('two')).genesisHash).not.toBe(first.genesisHash);
  });

  it('never names a slot again after a start, where many have no block', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'cluster-slots-'));
    try {
      let told = 0;
      for (let start = 0; start < 5; start += 1) {
        const cluster = await startCluster({
          manual: true,
          seed: 'slots',
          stateDir,
          conditions: { skipRate: 0.7 },
        });
        const slots: number[] = [];
        cluster.feed.subscribe((event) => {
          if (event.type === 'slot' && event.status === 'firstShred') slots.push(event.slot);
        });
        while (slots.length < 2) await cluster.engine.step();
        expect(slots[0]).toBeGreaterThan(told);
        told = cluster.ledger.tipSlot();
        await cluster.close();
      }
    } finally {
      rmSync(stateDir, { recursive: true, force: true });
    }
  });

  it('names a port that is taken and the flag that changes it, and leaves nothing running', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const { port } = blocker.address() as { port: number };
    await expect(startCluster({ grpcPort: port })).rejects.toThrow(
      `port ${port} for Yellowstone gRPC is taken or not allowed; --grpc-port chooses another`,
    );
    await new Promise((resolve) => blocker.close(resolve));
    const cluster = await start({ grpcPort: port });
    expect(cluster.info.grpcEndpoint).toBe(`http://127.0.0.1:${port}`);
  });

  it('gives its ports back when it is closed', async () => {
    const first = await startCluster({ manual: true });
    const portOf = (url: string) => Number(new URL(url).port);
    const ports = {
      rpcPort: portOf(first.info.rpcUrl),
      wsPort: portOf(first.info.wsUrl),
      grpcPort: portOf(first.info.grpcEndpoint),
      adminPort: portOf(first.info.adminUrl),
    };
    await first.close();
    await first.close();
    const second = await start(ports);
    expect(await (await fetch(`${second.info.rpcUrl}/health`)).text()).toBe('ok');
  });

  it('refuses what does not fit before anything is started', async () => {
    await expect(startCluster({ pools: 0 })).rejects.toThrow(/pools/);
    await expect(startCluster({ conditions: { skipRate: 2 } })).rejects.toThrow(/skipRate/);
    await expect(startCluster({ chaos: { sendDropRate: -1 } })).rejects.toThrow(/sendDropRate/);
    await expect(startCluster({ fund: ['nobody'] })).rejects.toThrow(/nobody/);
  });
});

describe('the admin interface', () => {
  it('shows and changes conditions, chaos and market, and names what does not fit', async () => {
    const { info, chaos, engine } = await start();
    const put = (path: string, body: unknown) =>
      admin<Record<string, unknown>>(info.adminUrl, 'PUT', path, body);
    expect((await put('/conditions', { skipRate: 0.5 })).body).toMatchObject({ skipRate: 0.5, slotMs: 400 });
    expect(engine.conditions().skipRate).toBe(0.5);
    expect(await put('/conditions', { skipRate: 1.5 })).toMatchObject({ status: 400 });
    expect((await put('/chaos', { sendDropRate: 1 })).body).toMatchObject({ sendDropRate: 1 });
    expect(chaos.settings.sendDropRate).toBe(1);
    const refused = await put('/chaos', { sendDropsRate: 1 });
    expect(refused).toEqual({ status: 400, body: { error: 'sendDropsRate is not a chaos setting' } });
    expect((await admin(info.adminUrl, 'DELETE', '/chaos')).body).toMatchObject({ sendDropRate: 0 });
    expect((await put('/market', { swapsPerSecond: 7 })).body).toMatchObject({ swapsPerSecond: 7 });
    expect((await put('/market', {})).status).toBe(400);
    expect((await admin(info.adminUrl, 'GET', '/nothing')).status).toBe(404);
    expect((await admin(info.adminUrl, 'POST', '/chaos')).status).toBe(405);
  });

  it('fills blocks on demand, and counts what was dropped', async () => {
    const { info, engine, ledger } = await start();
    const { adminUrl, rpcUrl, pools } = info;
    expect(await admin(adminUrl, 'PUT', '/conditions', { loadRate: 6 })).toMatchObject({ status: 400 });
    const load = { loadRate: 2, blockCostLimit: 1_500_000, loadPoolRate: 1, confirmSlots: 1 };
    expect((await admin(adminUrl, 'PUT', '/conditions', load)).body).toMatchObject(load);
    expect((await admin(adminUrl, 'GET', '/dropped')).body).toEqual({});
    const { blockhash } = ledger.latestBlockhash('processed');
    const unpayable = signedTransaction([solTransfer(address('bob'), 1n)], blockhash);
    engine.submit(unpayable);
    for (let slot = 0; slot < 6; slot += 1) await engine.step();
    expect((await admin(adminUrl, 'GET', '/dropped')).body).toMatchObject({ unpayable: 1 });
    type Fees = { slot: number; prioritizationFee: number }[];
    const fees = await call<Fees>(rpcUrl, 'getRecentPrioritizationFees', [[pools[0]!.address]]);
    // A quarter of the middle price is the least that the load pays.
    expect(fees.at(-1)!.prioritizationFee).toBeGreaterThanOrEqual(25_000);
    expect(fees[0]).toMatchObject({ prioritizationFee: 0 });
  });

  it('answers 400, and not 500, where slots pass by themselves or an address is none', async () => {
    const { info } = await start({ manual: false });
    const stepped = await admin<{ error: string }>(info.adminUrl, 'POST', '/step', { slots: 1 });
    expect(stepped).toMatchObject({ status: 400, body: { error: expect.stringContaining('manual clock') } });
    expect(await admin(info.adminUrl.replace(/\/$/, ''), 'OPTIONS', '//')).toMatchObject({ status: 400 });
  });

  it('tells what is resident after a collection', async () => {
    const { info } = await start();
    const { body } = await admin<{ after: { rss: number; heapUsed: number } }>(
      info.adminUrl,
      'POST',
      '/collect-garbage',
    );
    expect(body.after.rss).toBeGreaterThan(body.after.heapUsed);
    expect(body.after.heapUsed).toBeGreaterThan(0);
  });

  it('steps slots by hand', async () => {
    const { info, ledger } = await start();
    const before = ledger.slot('processed');
    expect((await admin(info.adminUrl, 'POST', '/step', { slots: 5 })).status).toBe(200);
    expect(ledger.slot('processed')).toBe(before + 5);
    expect((await admin(info.adminUrl, 'POST', '/step', { slots: 0 })).status).toBe(400);
  });

  it('refuses bodies that are too long or no JSON object, and web pages', async () => {
    const { info } = await start();
    const put = (body: string, headers: Record<string, string> = {}) =>
      fetch(`${info.adminUrl}/chaos`, { method: 'PUT', body, headers });
    expect((await put('{')).status).toBe(400);
    expect((await put('[1]')).status).toBe(400);
    expect((await put(' '.repeat(70_000))).status).toBe(413);
    expect((await put('{}', { origin: 'http://example.com' })).status).toBe(403);
  });

  it('records what clients sent, when it first came and how often', async () => {
    const { info, genesis, engine, record } = await start({ wallets: 1 });
    const { Keypair, SystemProgram, Transaction } = await import('@solana/web3.js');
    const wallet = Keypair.fromSecretKey(genesis.wallets[0]!.secretKey!);
    const { value } = await call<{ value: { blockhash: string } }>(info.rpcUrl, 'getLatestBlockhash', [
      { commitment: 'processed' },
    ]);
    const transfer = SystemProgram.transfer({
      fromPubkey: wallet.publicKey,
      toPubkey: wallet.publicKey,
      lamports: 1,
    });
    const transaction = new Transaction({ feePayer: wallet.publicKey, recentBlockhash: value.blockhash }).add(
      transfer,
    );
    transaction.sign(wallet);
    const wire = transaction.serialize().toString('base64');
    const send = () =>
      call<string>(info.rpcUrl, 'sendTransaction', [wire, { encoding: 'base64', skipPreflight: true }]);
    const beforeMs = performance.timeOrigin + performance.now();
    const signature = await send();
    await send();
    await engine.step(1);
    const { body } = await admin<{
      submissions: { signature: string; firstReceivedAtMs: number; timesReceived: number }[];
    }>(info.adminUrl, 'GET', '/record');
    expect(body.submissions).toHaveLength(1);
    expect(body.submissions[0]).toMatchObject({ signature, timesReceived: 2 });
    expect(body.submissions[0]!.firstReceivedAtMs).toBeGreaterThanOrEqual(beforeMs);
    expect(record.receiptsTotal).toBe(2);
    const future = performance.timeOrigin + performance.now() + 60_000;
    const later = await admin<{ submissions: unknown[] }>(info.adminUrl, 'GET', `/record?sinceMs=${future}`);
    expect(later.body.submissions).toEqual([]);
  });

  it('tells every open stream to end at /cut-streams', async () => {
    const { info, chaos } = await start();
    let told = 0;
    chaos.onCutStreams(() => {
      told += 1;
    });
    expect((await admin(info.adminUrl, 'POST', '/cut-streams')).status).toBe(200);
    expect(told).toBe(1);
  });
});
