import { base58 } from '@scure/base';
import { Keypair, PublicKey, SystemProgram, Transaction } from '@solana/web3.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { SYSTEM_PROGRAM } from '../../localnet/engine/well-known.js';
import { startTestCluster, type TestCluster } from './rpc-cluster.js';

let cluster: TestCluster;
let payer: Keypair;
let client: PubSub;
beforeEach(async () => {
  cluster = await startTestCluster();
  payer = Keypair.fromSecretKey(cluster.genesis.wallets[0]!.secretKey!);
  await cluster.step(40);
  client = await connectPubSub();
});
afterEach(async () => {
  client.socket.terminate();
  await cluster.close();
  expect(cluster.faults).toEqual([]);
});

interface Notification {
  readonly method: string;
  readonly params: { readonly subscription: number; readonly result: never };
}

interface PubSub {
  readonly socket: WebSocket;
  /** Answers the result, or the error's message. */
  call(method: string, ...params: unknown[]): Promise<unknown>;
  /** All notifications that were sent before now, and forgets them. */
  take(): Promise<Notification[]>;
}

async function connectPubSub(): Promise<PubSub> {
  const socket = new WebSocket(cluster.wsUrl);
  const notifications: Notification[] = [];
  const waiting = new Map<unknown, (value: unknown) => void>();
  let nextId = 0;
  socket.on('message', (data) => {
    const message = JSON.parse(data.toString());
    if (message.method !== undefined) notifications.push(message);
    else waiting.get(message.id)?.(message.error?.message ?? message.result);
  });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const call = (method: string, ...params: unknown[]) =>
    new Promise<unknown>((resolve) => {
      nextId += 1;
      waiting.set(nextId, resolve);
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: nextId, method, params }));
    });
  return {
    socket,
    call,
    async take() {
      // Whatever was sent before this call's answer has arrived before it.
      await call('getVersion');
      return notifications.splice(0);
    },
  };
}

async function transfer(lamports = 1000, to = cluster.genesis.wallets[1]!.address): Promise<string> {
  const { blockhash } = cluster.running.ledger.latestBlockhash('processed');
  const transaction = new Transaction({ recentBlockhash: blockhash, feePayer: payer.publicKey });
  const instruction = { fromPubkey: payer.publicKey, toPubkey: new PublicKey(to), lamports };
  transaction.add(SystemProgram.transfer(instruction)).sign(payer);
  const wire = transaction.serialize();
  const signature = base58.encode(wire.subarray(1, 65));
  await cluster.call('sendTransaction', wire.toString('base64'), { encoding: 'base64', skipPreflight: true });
  return signature;
}

const resultsOf = (notifications: readonly Notification[], id: unknown): never[] =>
  notifications.filter(({ params }) => params.subscription === id).map(({ params }) => params.result);

describe('signatureSubscribe', () => {
  it('notifies once at its commitment and is then over', async () => {
    const { blockhash } = cluster.running.ledger.latestBlockhash('processed');
    const transaction = new Transaction({ recentBlockhash: blockhash, feePayer: payer.publicKey });
    transaction
      .add(SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: payer.publicKey, lamports: 1 }))
      .sign(payer);
    const wire = transaction.serialize();
    const signature = base58.encode(wire.subarray(1, 65));
    const processed = await client.call('signatureSubscribe', signature, { commitment: 'processed' });
    const confirmed = await client.call('signatureSubscribe', signature, {
      commitment: 'confirmed',
      enableReceivedNotification: true,
    });
    await cluster.call('sendTransaction', wire.toString('base64'), {
      encoding: 'base64',
      skipPreflight: true,
    });
    expect(resultsOf(await client.take(), confirmed)).toMatchObject([{ value: 'receivedSignature' }]);
    await cluster.step();
    const first = await client.take();
    expect(resultsOf(first, processed)).toMatchObject([{ context: { slot: 41 }, value: { err: null } }]);
    expect(resultsOf(first, confirmed)).toEqual([]);
    await cluster.step(2);
    expect(resultsOf(await client.take(), confirmed)).toMatchObject([{ context: { slot: 41 } }]);
    await cluster.step(40);
    expect(await client.take()).toEqual([]);
    expect(await client.call('signatureUnsubscribe', processed)).toBe('Invalid subscription id.');
  });

  it('opened after the landing hears nothing', async () => {
    const signature = await transfer();
    await cluster.step();
    await client.call('signatureSubscribe', signature, { commitment: 'processed' });
    await cluster.step(3);
    expect(await client.take()).toEqual([]);
  });
});

describe('accountSubscribe', () => {
  it('notifies once for each slot that wrote the account, at its commitment', async () => {
    const to = cluster.genesis.wallets[1]!.address;
    const before = cluster.running.ledger.account(to, 'processed')!.account.lamports;
    const id = await client.call('accountSubscribe', to, { commitment: 'confirmed', encoding: 'base64' });
    await transfer(1);
    await transfer(2);
    await cluster.step();
    await transfer(4);
    await cluster.step(2);
    expect(resultsOf(await client.take(), id)).toMatchObject([
      { context: { slot: 41 }, value: { lamports: Number(before + 3n), data: ['', 'base64'] } },
    ]);
    await cluster.step();
    expect(resultsOf(await client.take(), id)).toMatchObject([
      { context: { slot: 42 }, value: { lamports: Number(before + 7n) } },
    ]);
  });

  it('shows a drained account without lamports, data and owner', async () => {
    const fresh = Keypair.generate();
    await transfer(10_000_000, fresh.publicKey.toBase58());
    await cluster.step();
    const id = await client.call('accountSubscribe', fresh.publicKey.toBase58(), { commitment: 'processed' });
    const { blockhash } = cluster.running.ledger.latestBlockhash('processed');
    const drain = new Transaction({ recentBlockhash: blockhash, feePayer: fresh.publicKey });
    const lamports = 10_000_000 - 5000;
    drain
      .add(SystemProgram.transfer({ fromPubkey: fresh.publicKey, toPubkey: payer.publicKey, lamports }))
      .sign(fresh);
    cluster.engine.submit(drain.serialize());
    await cluster.step();
    expect(resultsOf(await client.take(), id)).toMatchObject([
      { value: { lamports: 0, data: '', owner: SYSTEM_PROGRAM } },
    ]);
  });
});

it('programSubscribe filters as getProgramAccounts does', async () => {
  const all = await client.call('programSubscribe', SYSTEM_PROGRAM, {
    commitment: 'processed',
    encoding: 'base64',
  });
  const none = await client.call('programSubscribe', SYSTEM_PROGRAM, {
    commitment: 'processed',
    encoding: 'base64',
    filters: [{ dataSize: 1 }],
  });
  await transfer();
  await cluster.step();
  const notifications = await client.take();
  const pubkeys = resultsOf(notifications, all).map(
    ({ value }: { value: { pubkey: string } }) => value.pubkey,
  );
  expect(pubkeys.sort()).toEqual(cluster.genesis.wallets.map(({ address }) => address).sort());
  expect(resultsOf(notifications, none)).toEqual([]);
});

it('logsSubscribe tells of all, or of those that mention an address', async () => {
  const to = cluster.genesis.wallets[1]!.address;
  const all = await client.call('logsSubscribe', 'all', { commitment: 'processed' });
  const mentioned = await client.call('logsSubscribe', { mentions: [to] }, { commitment: 'processed' });
  const other = Keypair.generate().publicKey.toBase58();
  const unmentioned = await client.call('logsSubscribe', { mentions: [other] }, { commitment: 'processed' });
  const signature = await transfer();
  await cluster.step();
  const notifications = await client.take();
  for (const id of [all, mentioned]) {
    expect(resultsOf(notifications, id)).toMatchObject([
      { value: { signature, err: null, logs: [expect.stringContaining('invoke [1]'), expect.any(String)] } },
    ]);
  }
  expect(resultsOf(notifications, unmentioned)).toEqual([]);
  expect(await client.call('logsSubscribe', { mentions: [to, to] })).toBe(
    'Invalid Request: Only 1 address supported',
  );
});

it('slots and roots follow each other', async () => {
  const slots = await client.call('slotSubscribe');
  const roots = await client.call('rootSubscribe');
  const updates = await client.call('slotsUpdatesSubscribe');
  await cluster.step(3);
  const notifications = await client.take();
  expect(resultsOf(notifications, slots)).toEqual([
    { parent: 41, root: 9, slot: 42 },
    { parent: 42, root: 10, slot: 43 },
    { parent: 43, root: 11, slot: 44 },
  ]);
  expect(resultsOf(notifications, roots)).toEqual([9, 10, 11]);
  const kinds = resultsOf(notifications, updates).map(({ type }: { type: string }) => type);
  expect(new Set(kinds)).toEqual(
    new Set(['completed', 'frozen', 'optimisticConfirmation', 'root', 'firstShredReceived', 'createdBank']),
  );
});

it('blockSubscribe tells of confirmed blocks', async () => {
  const id = await client.call('blockSubscribe', 'all', {
    commitment: 'confirmed',
    transactionDetails: 'signatures',
  });
  const signature = await transfer();
  await cluster.step(3);
  const blocks = resultsOf(await client.take(), id).map(({ value }: { value: { slot: number } }) => value);
  expect(blocks.find(({ slot }) => slot === 41)).toMatchObject({
    err: null,
    block: { signatures: [signature] },
  });
  expect(await client.call('blockSubscribe', 'all', { commitment: 'processed' })).toBe(
    'Method does not support commitment below `confirmed`',
  );
});

describe('connections', () => {
  it('equal subscriptions share an id, and end together', async () => {
    const first = await client.call('slotSubscribe');
    expect(await client.call('slotSubscribe')).toBe(first);
    expect(await client.call('rootUnsubscribe', first)).toBe('Invalid subscription id.');
    expect(await client.call('slotUnsubscribe', first)).toBe(true);
    expect(await client.call('slotUnsubscribe', first)).toBe('Invalid subscription id.');
    await cluster.step();
    expect(await client.take()).toEqual([]);
  });

  it.each([
    ['accountSubscribe', ['abc'], 'Invalid Request: Invalid pubkey provided'],
    ['signatureSubscribe', ['abc'], 'Invalid Request: Invalid signature provided'],
    [
      'logsSubscribe',
      ['some'],
      'Invalid params: unknown variant `some`, expected one of `all`, `allWithVotes`, `mentions`.',
    ],
    ['accountSubscribe', [], '`params` should have at least 1 argument(s)'],
    ['slotSubscribe', [1], 'Invalid parameters: No parameters were expected'],
    ['voteSubscribe', [], 'Method not found'],
    ['constructorSubscribe', [], 'Method not found'],
    ['getSlot', [], 'Method not found'],
  ])('%s %j: %s', async (method, params, message) => {
    expect(await client.call(method, ...params)).toBe(message);
  });

  it('1024 subscriptions are taken, one more is refused, others are not touched by that', async () => {
    for (let i = 0; i < 1024; i++) {
      const address = new PublicKey(
        Buffer.alloc(32)
          .fill(i % 256, 0, 31)
          .fill(Math.floor(i / 256) + 1, 31),
      );
      expect(typeof (await client.call('accountSubscribe', address.toBase58()))).toBe('number');
    }
    expect(await client.call('slotSubscribe')).toBe(
      'Internal Error: Subscription refused. Node subscription limit reached',
    );
    const other = await connectPubSub();
    expect(typeof (await other.call('slotSubscribe'))).toBe('number');
    other.socket.terminate();
  });

  it('a message of 4096 bytes is read, a longer one ends the connection', async () => {
    const closed = new Promise((resolve) => client.socket.once('close', resolve));
    const answered = new Promise((resolve) =>
      client.socket.once('message', (data) => resolve(data.toString())),
    );
    client.socket.send('x'.repeat(4096));
    expect(JSON.parse(String(await answered))).toMatchObject({ error: { code: -32700 } });
    client.socket.send('x'.repeat(4097));
    await closed;
    expect((await cluster.call('getHealth')).result).toBe('ok');
  });

  it('a client that goes away is forgotten', async () => {
    const other = await connectPubSub();
    await other.call('slotSubscribe');
    await other.call('logsSubscribe', 'all', { commitment: 'processed' });
    other.socket.terminate();
    await transfer();
    await cluster.step(3);
    expect(await client.take()).toEqual([]);
  });
});
