/** The server as @solana/kit sees it. */
import {
  address,
  appendTransactionMessageInstruction,
  createKeyPairSignerFromBytes,
  createSolanaRpc,
  createSolanaRpcSubscriptions,
  createTransactionMessage,
  devnet,
  getBase64EncodedWireTransaction,
  getSignatureFromTransaction,
  isSolanaError,
  lamports,
  pipe,
  type RpcDevnet,
  type RpcSubscriptionsDevnet,
  SOLANA_ERROR__JSON_RPC__SERVER_ERROR_MIN_CONTEXT_SLOT_NOT_REACHED,
  type SolanaRpcApiDevnet,
  type SolanaRpcSubscriptionsApi,
  sendAndConfirmTransactionFactory,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  signTransactionMessageWithSigners,
} from '@solana/kit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../../localnet/cluster.js';

const SLOT_MS = 20;

let cluster: Cluster;
let rpc: RpcDevnet<SolanaRpcApiDevnet>;
let rpcSubscriptions: RpcSubscriptionsDevnet<SolanaRpcSubscriptionsApi>;
beforeAll(async () => {
  cluster = await startCluster({
    wallets: 2,
    seed: 'rpc',
    conditions: { slotMs: SLOT_MS, leaderDelayMs: 0 },
  });
  rpc = createSolanaRpc(devnet(cluster.info.rpcUrl));
  rpcSubscriptions = createSolanaRpcSubscriptions(devnet(cluster.info.wsUrl));
});
afterAll(async () => {
  await cluster.close();
});

async function memo(text: string) {
  const payer = await createKeyPairSignerFromBytes(cluster.genesis.wallets[0]!.secretKey!);
  const { value } = await rpc.getLatestBlockhash({ commitment: 'confirmed' }).send();
  const message = pipe(
    createTransactionMessage({ version: 0 }),
    (tx) => setTransactionMessageFeePayerSigner(payer, tx),
    (tx) => setTransactionMessageLifetimeUsingBlockhash(value, tx),
    (tx) =>
      appendTransactionMessageInstruction(
        {
          programAddress: address('MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr'),
          data: new TextEncoder().encode(text),
        },
        tx,
      ),
  );
  return signTransactionMessageWithSigners(message);
}

it('keeps integers of 64 bits whole', async () => {
  const { value } = await rpc
    .getAccountInfo(address(cluster.genesis.wallets[0]!.address), { encoding: 'base64' })
    .send();
  expect((value as unknown as { rentEpoch: bigint }).rentEpoch).toBe(2n ** 64n - 1n);
});

it('sends and confirms with its own factory', async () => {
  const transaction = await memo('hello');
  const sendAndConfirm = sendAndConfirmTransactionFactory({ rpc, rpcSubscriptions });
  await sendAndConfirm(transaction as Parameters<typeof sendAndConfirm>[0], { commitment: 'confirmed' });
  const signature = getSignatureFromTransaction(transaction);
  const found = await rpc
    .getTransaction(signature, {
      commitment: 'confirmed',
      encoding: 'json',
      maxSupportedTransactionVersion: 0,
    })
    .send();
  expect(found?.meta?.err).toBeNull();
  const [newest] = await rpc
    .getSignaturesForAddress(address(cluster.genesis.wallets[0]!.address), {
      commitment: 'confirmed',
      limit: 1,
    })
    .send();
  expect(newest).toMatchObject({ signature, memo: '[5] hello' });
});

it('airdrops', async () => {
  const to = address(cluster.genesis.wallets[1]!.address);
  const before = (await rpc.getBalance(to, { commitment: 'processed' }).send()).value;
  const signature = await rpc.requestAirdrop(to, lamports(2n ** 53n - 1n)).send();
  while ((await rpc.getSignatureStatuses([signature]).send()).value[0] === null) await nextSlot();
  const after = (await rpc.getBalance(to, { commitment: 'processed' }).send()).value;
  expect(after - before).toBe(2n ** 53n - 1n);
});

it('reads errors with their context', async () => {
  const read = rpc.getSlot({ minContextSlot: 10n ** 12n }).send();
  const error = await read.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(isSolanaError(error, SOLANA_ERROR__JSON_RPC__SERVER_ERROR_MIN_CONTEXT_SLOT_NOT_REACHED)).toBe(true);
});

it('gets notifications of slots, roots, logs, accounts and signatures', async () => {
  const abort = new AbortController();
  const options = { abortSignal: abort.signal };
  const payer = address(cluster.genesis.wallets[0]!.address);
  const subscriptions = [
    rpcSubscriptions.slotNotifications().subscribe(options),
    rpcSubscriptions.rootNotifications().subscribe(options),
    rpcSubscriptions.logsNotifications({ mentions: [payer] }, { commitment: 'confirmed' }).subscribe(options),
    rpcSubscriptions
      .accountNotifications(payer, { commitment: 'confirmed', encoding: 'base64' })
      .subscribe(options),
  ] as const;
  const [slots, roots, logs, accounts] = await Promise.all(subscriptions);
  const transaction = await memo('notify');
  const signature = getSignatureFromTransaction(transaction);
  const signatures = await rpcSubscriptions
    .signatureNotifications(signature, { commitment: 'confirmed' })
    .subscribe(options);
  // Only what comes after the first call for it is kept.
  const heard = Promise.all([
    first(signatures),
    first(logs),
    first(accounts),
    first(slots),
    first(roots),
  ] as const);
  await rpc
    .sendTransaction(getBase64EncodedWireTransaction(transaction), {
      encoding: 'base64',
      preflightCommitment: 'confirmed',
    })
    .send();
  expect(await heard).toMatchObject([
    { value: { err: null } },
    { value: { signature, err: null } },
    { value: { lamports: expect.any(BigInt) } },
    { slot: expect.any(BigInt) },
    expect.any(BigInt),
  ]);
  abort.abort();
});

/** Resolves when the cluster has made one more block. */
function nextSlot(): Promise<void> {
  return new Promise((resolve) => {
    const unsubscribe = cluster.feed.subscribe((event) => {
      if (event.type !== 'slot' || event.status !== 'processed') return;
      unsubscribe();
      resolve();
    });
  });
}

async function first<T>(notifications: AsyncIterable<T>): Promise<T> {
  for await (const notification of notifications) return notification;
  throw new Error('the subscription ended without a notification');
}
