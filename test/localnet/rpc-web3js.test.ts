/** The server as @solana/web3.js sees it, whose answers are validated member by member. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  AddressLookupTableProgram,
  Connection,
  Keypair,
  LAMPORTS_PER_SOL,
  PublicKey,
  SendTransactionError,
  SystemProgram,
  sendAndConfirmTransaction,
  Transaction,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../../localnet/cluster.js';

const SLOT_MS = 20;

let cluster: Cluster;
let connection: Connection;
let payer: Keypair;
let other: PublicKey;
beforeAll(async () => {
  cluster = await startCluster({
    wallets: 2,
    seed: 'rpc',
    conditions: { slotMs: SLOT_MS, leaderDelayMs: 0 },
  });
  connection = new Connection(cluster.info.rpcUrl, {
    commitment: 'confirmed',
    wsEndpoint: `${cluster.info.wsUrl}/`,
  });
  payer = Keypair.fromSecretKey(cluster.genesis.wallets[0]!.secretKey!);
  other = new PublicKey(cluster.genesis.wallets[1]!.address);
});
afterAll(async () => {
  await cluster.close();
});

const transfer = (lamports: number) =>
  new Transaction().add(SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: other, lamports }));

it('airdrops, and confirms by the WebSocket', async () => {
  const fresh = Keypair.generate().publicKey;
  const signature = await connection.requestAirdrop(fresh, 2 * LAMPORTS_PER_SOL);
  const latest = await connection.getLatestBlockhash();
  const { value } = await connection.confirmTransaction({ signature, ...latest });
  expect(value.err).toBeNull();
  expect(await connection.getBalance(fresh)).toBe(2 * LAMPORTS_PER_SOL);
});

it('sends and confirms, and reads the transaction back in each form', async () => {
  const signature = await sendAndConfirmTransaction(connection, transfer(12_345), [payer]);
  const status = (await connection.getSignatureStatuses([signature], { searchTransactionHistory: true }))
    .value[0];
  expect(status?.err).toBeNull();
  const read = await connection.getTransaction(signature, {
    commitment: 'confirmed',
    maxSupportedTransactionVersion: 0,
  });
  expect(read?.meta).toMatchObject({ err: null, fee: 5000 });
  expect(read?.version).toBe('legacy');
  const parsed = await connection.getParsedTransaction(signature, 'confirmed');
  expect(parsed?.transaction.message.instructions).toMatchObject([
    { program: 'system', parsed: { type: 'transfer' } },
  ]);
  const [newest] = await connection.getSignaturesForAddress(payer.publicKey, { limit: 1 }, 'confirmed');
  expect(newest).toMatchObject({ signature, err: null, slot: read?.slot });
  const block = await connection.getBlock(read!.slot, {
    commitment: 'confirmed',
    maxSupportedTransactionVersion: 0,
  });
  expect(block?.transactions.map(({ transaction }) => transaction.signatures[0])).toContain(signature);
  expect(await connection.getBlockTime(read!.slot)).toBe(block?.blockTime);
});

it('tells a failed preflight with its logs', async () => {
  const sent = connection.sendTransaction(transfer(2 ** 50), [payer]);
  const error = await sent.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SendTransactionError);
  expect((error as SendTransactionError).logs?.join()).toContain('insufficient lamports');
});

it('gets every kind of notification', async () => {
  const heard = new Map<string, (value: unknown) => void>();
  const hear = (name: string) => {
    const promise = new Promise((resolve) => heard.set(name, resolve));
    return { promise, call: (value: unknown) => heard.get(name)?.(value) };
  };
  const [account, program, logs, slot, root, update] = [
    hear('account'),
    hear('program'),
    hear('logs'),
    hear('slot'),
    hear('root'),
    hear('update'),
  ] as const;
  const ids = [
    connection.onAccountChange(other, account.call, { commitment: 'processed' }),
    connection.onProgramAccountChange(SystemProgram.programId, program.call, { commitment: 'processed' }),
    connection.onLogs(other, logs.call, 'processed'),
    connection.onSlotChange(slot.call),
    connection.onRootChange(root.call),
    connection.onSlotUpdate(update.call),
  ] as const;
  await Promise.all([slot.promise, root.promise, update.promise]);
  const signature = await sendAndConfirmTransaction(connection, transfer(777), [payer]);
  expect(await logs.promise).toMatchObject({ signature, err: null });
  expect(await account.promise).toMatchObject({ owner: SystemProgram.programId });
  expect(await program.promise).toMatchObject({ accountId: expect.any(PublicKey) });
  await connection.removeAccountChangeListener(ids[0]);
  await connection.removeProgramAccountChangeListener(ids[1]);
  await connection.removeOnLogsListener(ids[2]);
  await connection.removeSlotChangeListener(ids[3]);
  await connection.removeRootChangeListener(ids[4]);
  await connection.removeSlotUpdateListener(ids[5]);
});

it('creates and extends a lookup table, and uses it in a v0 transaction', async () => {
  const recentSlot = (await connection.getSlot('confirmed')) - 1;
  const [create, address] = AddressLookupTableProgram.createLookupTable({
    authority: payer.publicKey,
    payer: payer.publicKey,
    recentSlot,
  });
  const extend = AddressLookupTableProgram.extendLookupTable({
    lookupTable: address,
    authority: payer.publicKey,
    payer: payer.publicKey,
    addresses: [other],
  });
  await sendAndConfirmTransaction(connection, new Transaction().add(create, extend), [payer]);
  const table = (await connection.getAddressLookupTable(address, { commitment: 'confirmed' })).value!;
  expect(table.state.addresses).toEqual([other]);
  // Nodes resolve it at the commitment of the preflight, where the new address serves from the next slot on.
  while ((await connection.getSlot('confirmed')) <= table.state.lastExtendedSlot) await delay(SLOT_MS);

  const latest = await connection.getLatestBlockhash();
  const message = new TransactionMessage({
    payerKey: payer.publicKey,
    recentBlockhash: latest.blockhash,
    instructions: transfer(5).instructions,
  }).compileToV0Message([table]);
  expect(message.addressTableLookups).toHaveLength(1);
  const transaction = new VersionedTransaction(message);
  transaction.sign([payer]);
  const simulated = await connection.simulateTransaction(transaction, {
    sigVerify: true,
    innerInstructions: true,
  });
  expect(simulated.value).toMatchObject({ err: null, unitsConsumed: 150 });
  const signature = await connection.sendTransaction(transaction);
  await connection.confirmTransaction({ signature, ...latest });
  const read = await connection.getTransaction(signature, {
    commitment: 'confirmed',
    maxSupportedTransactionVersion: 0,
  });
  expect(read?.version).toBe(0);
  expect(read?.meta?.loadedAddresses).toEqual({ writable: [other], readonly: [] });
  await expect(connection.getTransaction(signature, { commitment: 'confirmed' } as never)).rejects.toThrow(
    'Transaction version (0) is not supported by the requesting client.',
  );
  const parsed = await connection.getParsedTransaction(signature, {
    commitment: 'confirmed',
    maxSupportedTransactionVersion: 0,
  });
  expect(parsed?.transaction.message.accountKeys).toContainEqual({
    pubkey: other,
    signer: false,
    source: 'lookupTable',
    writable: true,
  });
});

it('reads the cluster, accounts and tokens', async () => {
  const mint = new PublicKey(cluster.genesis.mints.find(({ decimals }) => decimals === 6)!.address);
  expect((await connection.getParsedAccountInfo(mint)).value?.data).toMatchObject({ program: 'spl-token' });
  expect((await connection.getTokenSupply(mint)).value.decimals).toBe(6);
  expect((await connection.getTokenLargestAccounts(mint)).value.length).toBeGreaterThan(0);
  const owned = await connection.getParsedTokenAccountsByOwner(payer.publicKey, { mint });
  expect(owned.value[0]?.account.data.parsed.info.mint).toBe(mint.toBase58());
  expect((await connection.getTokenAccountsByOwner(payer.publicKey, { mint })).value).toHaveLength(1);
  expect((await connection.getTokenAccountBalance(owned.value[0]!.pubkey)).value.decimals).toBe(6);
  expect(await connection.getMultipleAccountsInfo([mint, other])).toHaveLength(2);
  const tokenProgram = owned.value[0]!.account.owner;
  const filters = [{ dataSize: 165 }, { memcmp: { offset: 0, bytes: mint.toBase58() } }];
  expect((await connection.getProgramAccounts(tokenProgram, { filters })).length).toBeGreaterThan(0);
  expect((await connection.getParsedProgramAccounts(tokenProgram, { filters })).length).toBeGreaterThan(0);
  expect(await connection.getMinimumBalanceForRentExemption(165)).toBe(2_039_280);

  expect((await connection.getVersion())['solana-core']).toMatch(/^\d+\.\d+\.\d+$/);
  expect(await connection.getGenesisHash()).toBe(cluster.ledger.genesisHash);
  expect((await connection.getEpochInfo()).slotsInEpoch).toBe(432_000);
  expect((await connection.getEpochSchedule()).slotsPerEpoch).toBe(432_000);
  expect((await connection.getClusterNodes()).length).toBeGreaterThan(0);
  expect((await connection.getVoteAccounts()).current.length).toBeGreaterThan(0);
  expect(Object.keys(await connection.getLeaderSchedule()).length).toBeGreaterThan(0);
  expect(await connection.getSlotLeaders(0, 4)).toHaveLength(4);
  expect(await connection.getSlotLeader()).toBeTypeOf('string');
  expect((await connection.getSupply()).value.total).toBeGreaterThan(0);
  expect(await connection.getFirstAvailableBlock()).toBeTypeOf('number');
  expect(await connection.getMinimumLedgerSlot()).toBeTypeOf('number');
  expect((await connection.getBlocks(1, 5)).length).toBe(5);
  expect(await connection.getTransactionCount()).toBeTypeOf('number');
  expect((await connection.getRecentPrioritizationFees()).length).toBeGreaterThan(0);
  const { blockhash } = await connection.getLatestBlockhash();
  expect((await connection.isBlockhashValid(blockhash)).value).toBe(true);
  const message = new TransactionMessage({
    payerKey: payer.publicKey,
    recentBlockhash: blockhash,
    instructions: transfer(1).instructions,
  }).compileToV0Message();
  expect((await connection.getFeeForMessage(message)).value).toBe(5000);
});
