import { base58 } from '@scure/base';
import {
  AddressLookupTableAccount,
  AddressLookupTableProgram,
  ComputeBudgetProgram,
  Keypair,
  PublicKey,
  SystemProgram,
  Transaction,
  type TransactionInstruction,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { post, startTestCluster, type TestCluster } from './rpc-cluster.js';

let cluster: TestCluster;
let payer: Keypair;
beforeEach(async () => {
  cluster = await startTestCluster();
  payer = Keypair.fromSecretKey(cluster.genesis.wallets[0]!.secretKey!);
  await cluster.step(40);
});
afterEach(async () => {
  await cluster.close();
  expect(cluster.faults).toEqual([]);
});

const transfer = (lamports = 1000): TransactionInstruction =>
  SystemProgram.transfer({
    fromPubkey: payer.publicKey,
    toPubkey: new PublicKey(cluster.genesis.wallets[1]!.address),
    lamports,
  });

async function blockhash(commitment = 'finalized'): Promise<string> {
  const body = await cluster.call<{ value: { blockhash: string } }>('getLatestBlockhash', { commitment });
  return body.result!.value.blockhash;
}

/** A signed transaction as bytes. */
async function signed(instructions = [transfer()], commitment = 'finalized'): Promise<Buffer> {
  const transaction = new Transaction({
    recentBlockhash: await blockhash(commitment),
    feePayer: payer.publicKey,
  });
  transaction.add(...instructions);
  transaction.sign(payer);
  return transaction.serialize();
}

const signatureOf = (wire: Buffer) => base58.encode(wire.subarray(1, 65));
const send = (wire: Uint8Array, options: object = {}) =>
  cluster.call<string>('sendTransaction', Buffer.from(wire).toString('base64'), {
    encoding: 'base64',
    ...options,
  });
const statusOf = async (signature: string) =>
  (await cluster.call<{ value: unknown[] }>('getSignatureStatuses', [signature])).result?.value[0];

describe('sendTransaction', () => {
  it('answers the signature, and the transaction lands', async () => {
    const wire = await signed();
    expect((await send(wire)).result).toBe(signatureOf(wire));
    await cluster.step();
    expect(await statusOf(signatureOf(wire))).toMatchObject({ err: null, confirmationStatus: 'processed' });
  });

  it('takes base58 by default', async () => {
    const wire = await signed();
    const body = await cluster.call('sendTransaction', base58.encode(wire));
    expect(body.result).toBe(signatureOf(wire));
  });

  it('notes when it was received, also for bytes that were seen before', async () => {
    const wire = await signed();
    await send(wire, { skipPreflight: true });
    await send(wire, { skipPreflight: true });
    expect(cluster.received.map(({ signature }) => signature)).toEqual(Array(2).fill(signatureOf(wire)));
    expect(cluster.received[0]!.atMs).toBeLessThan(cluster.received[1]!.atMs);
  });

  it('without preflight says nothing of what will fail', async () => {
    const broke = Keypair.generate();
    const instruction = SystemProgram.transfer({
      fromPubkey: broke.publicKey,
      toPubkey: payer.publicKey,
      lamports: 5,
    });
    const transaction = new Transaction({
      recentBlockhash: base58.encode(new Uint8Array(32)),
      feePayer: broke.publicKey,
    });
    transaction.add(instruction).sign(broke);
    const wire = transaction.serialize();
    expect((await send(wire, { skipPreflight: true })).result).toBe(signatureOf(wire));
    await cluster.step();
    expect(await statusOf(signatureOf(wire))).toBeNull();
  });

  it('takes a transaction with a false signature without preflight, and refuses it with', async () => {
    const wire = await signed();
    wire[5] = wire[5]! ^ 1;
    expect((await send(wire, { skipPreflight: true })).result).toBe(signatureOf(wire));
    expect((await send(wire)).error).toEqual({
      code: -32003,
      message: 'Transaction signature verification failure',
    });
  });

  it('minContextSlot ahead of the node is refused', async () => {
    const wire = await signed();
    const body = await send(wire, { minContextSlot: 10_000, preflightCommitment: 'confirmed' });
    expect(body.error).toMatchObject({ code: -32016, data: { contextSlot: 38 } });
    expect(cluster.submitted.count).toBe(0);
  });
});

describe('preflight', () => {
  it('answers -32002 with error, logs and units, and sends nothing', async () => {
    const wire = await signed([transfer(2 ** 50)]);
    const { error } = await send(wire);
    expect(error).toMatchObject({
      code: -32002,
      message: 'Transaction simulation failed: Error processing Instruction 0: custom program error: 0x1',
      data: {
        err: { InstructionError: [0, { Custom: 1 }] },
        logs: expect.arrayContaining([expect.stringContaining('insufficient lamports')]),
        unitsConsumed: 150,
        accounts: null,
      },
    });
    expect(cluster.submitted.count).toBe(0);
  });

  it('does not know a hash that is newer than its commitment', async () => {
    const wire = await signed([transfer()], 'processed');
    expect((await send(wire, { preflightCommitment: 'confirmed' })).error).toMatchObject({
      code: -32002,
      message: 'Transaction simulation failed: Blockhash not found',
      data: { err: 'BlockhashNotFound', logs: [] },
    });
    expect((await send(wire, { preflightCommitment: 'processed' })).result).toBe(signatureOf(wire));
  });

  it('knows a hash for 150 blocks and not for 151', async () => {
    const wire = await signed([transfer()], 'processed');
    await cluster.step(150);
    expect((await send(wire, { preflightCommitment: 'processed' })).result).toBe(signatureOf(wire));
    await cluster.step();
    const late = await signed([transfer(7)], 'processed');
    await cluster.step(151);
    expect((await send(late, { preflightCommitment: 'processed' })).error).toMatchObject({
      data: { err: 'BlockhashNotFound' },
    });
  });

  it('says that a transaction was processed before', async () => {
    const wire = await signed();
    await send(wire);
    await cluster.step();
    expect((await send(wire)).error).toMatchObject({
      code: -32002,
      message: 'Transaction simulation failed: This transaction has already been processed',
      data: { err: 'AlreadyProcessed' },
    });
    expect((await send(wire, { skipPreflight: true })).result).toBe(signatureOf(wire));
  });
});

// Nodes read lookup tables at the commitment of the preflight, at processed without one, and refuse what they cannot.
describe('a lookup table', () => {
  const ABSENT = "Transaction loads an address table account that doesn't exist";
  const TABLE_META_BYTES = 56;
  const table = (addresses: readonly PublicKey[]) =>
    new AddressLookupTableAccount({
      key: Keypair.generate().publicKey,
      state: {
        deactivationSlot: 2n ** 64n - 1n,
        lastExtendedSlot: 0,
        lastExtendedSlotStartIndex: 0,
        addresses: [...addresses],
      },
    });
  const looksUp = async (from: AddressLookupTableAccount): Promise<Buffer> => {
    const message = new TransactionMessage({
      payerKey: payer.publicKey,
      recentBlockhash: await blockhash(),
      instructions: [transfer()],
    }).compileToV0Message([from]);
    expect(message.addressTableLookups).toHaveLength(1);
    const transaction = new VersionedTransaction(message);
    transaction.sign([payer]);
    return Buffer.from(transaction.serialize());
  };

  it('that is not there is refused with -32602, with preflight and without, and by a simulation', async () => {
    const wire = await looksUp(table([new PublicKey(cluster.genesis.wallets[1]!.address)]));
    const refused = { code: -32602, message: `invalid transaction: ${ABSENT}` };
    expect((await send(wire, { skipPreflight: true })).error).toEqual(refused);
    expect((await send(wire)).error).toEqual(refused);
    const encoding = { encoding: 'base64' };
    expect((await cluster.call('simulateTransaction', wire.toString('base64'), encoding)).error).toEqual(
      refused,
    );
    const message = wire.subarray(65).toString('base64');
    expect((await cluster.call('getFeeForMessage', message)).error).toEqual({
      ...refused,
      message: `invalid transaction message: ${ABSENT}`,
    });
    expect(cluster.submitted.count).toBe(0);
  });

  it('is there once its slot has the commitment that is asked for', async () => {
    const fresh = table([new PublicKey(cluster.genesis.wallets[1]!.address)]);
    const data = Buffer.alloc(TABLE_META_BYTES + 32);
    data.writeUInt32LE(1, 0);
    data.writeBigUInt64LE(fresh.state.deactivationSlot, 4);
    data.set(fresh.state.addresses[0]!.toBytes(), TABLE_META_BYTES);
    await cluster.engine.setAccount(fresh.key.toBase58(), {
      lamports: 10_000_000n,
      owner: AddressLookupTableProgram.programId.toBase58(),
      executable: false,
      rentEpoch: 2n ** 64n - 1n,
      data,
    });
    const wire = await looksUp(fresh);
    const asked = async (preflightCommitment: string) =>
      (await send(wire, { preflightCommitment })).error?.code;
    expect(await asked('processed')).toBe(-32602);
    await cluster.step();
    expect(await asked('confirmed')).toBe(-32602);
    cluster.chaos.set({ readLagSlots: 1 });
    expect((await send(wire, { skipPreflight: true })).error?.code).toBe(-32602);
    cluster.chaos.clear();
    expect((await send(wire, { preflightCommitment: 'processed' })).result).toBe(signatureOf(wire));
    await cluster.step();
    expect(await statusOf(signatureOf(wire))).toMatchObject({ err: null });
  });
});

describe('bytes that are no transaction', () => {
  const refusal = async (text: string, options: object) =>
    (await cluster.call('sendTransaction', text, options)).error;

  it.each([true, false])(
    'are refused with -32602 and never reach the runtime (skipPreflight %s)',
    async (skipPreflight) => {
      const whole = await signed();
      const options = { encoding: 'base64', skipPreflight };
      for (let length = 0; length < whole.length; length++) {
        const error = await refusal(whole.subarray(0, length).toString('base64'), options);
        expect(error).toMatchObject({
          code: -32602,
          message: expect.stringMatching(/^failed to deserialize|^invalid transaction/),
        });
      }
      expect(cluster.submitted.count).toBe(0);
    },
  );

  it('any flipped byte gets an answer', async () => {
    const whole = await signed();
    for (let index = 0; index < whole.length; index++) {
      const wire = Buffer.from(whole);
      wire[index] = wire[index]! ^ 0xff;
      const { result, error } = await send(wire, { skipPreflight: true });
      expect(typeof result === 'string' || error?.code === -32602).toBe(true);
    }
    await cluster.step();
    expect((await cluster.call('getHealth')).result).toBe('ok');
  });

  it('are named by their fault', async () => {
    const base64 = { encoding: 'base64' };
    const type = 'solana_transaction::versioned::VersionedTransaction';
    expect(await refusal('a!b=', base64)).toMatchObject({
      message: 'invalid base64 encoding: InvalidByte(1, 33)',
    });
    expect(await refusal('abc', base64)).toMatchObject({
      message: 'invalid base64 encoding: InvalidPadding',
    });
    expect(await refusal('a0b', {})).toMatchObject({
      message: "invalid base58 encoding: InvalidCharacter { character: '0', index: 1 }",
    });
    expect(await refusal('A'.repeat(1645), base64)).toMatchObject({
      message: `base64 encoded ${type} too large: 1645 bytes (max: encoded/raw 1644/1232)`,
    });
    expect(await refusal(Buffer.alloc(1233).toString('base64'), base64)).toMatchObject({
      message: `decoded ${type} too large: 1233 bytes (max: 1232 bytes)`,
    });
    expect(await refusal('abcd', { encoding: 'jsonParsed' })).toMatchObject({
      message: 'unsupported encoding: jsonParsed. Supported encodings: base58, base64',
    });
  });
});

describe('simulateTransaction', () => {
  const simulate = async (wire: Uint8Array, options: object = {}) => {
    const body = await cluster.call<{ value: Record<string, unknown> }>(
      'simulateTransaction',
      Buffer.from(wire).toString('base64'),
      { encoding: 'base64', ...options },
    );
    return body.error ?? body.result?.value;
  };

  it('changes nothing and answers logs, units and the accounts asked for', async () => {
    const to = cluster.genesis.wallets[1]!.address;
    const before = (await cluster.call<{ value: number }>('getBalance', to)).result!.value;
    const result = await simulate(await signed(), { accounts: { encoding: 'base64', addresses: [to] } });
    expect(result).toMatchObject({
      err: null,
      unitsConsumed: 150,
      accounts: [{ lamports: before + 1000, data: ['', 'base64'] }],
      innerInstructions: null,
      returnData: null,
    });
    await cluster.step();
    expect((await cluster.call<{ value: number }>('getBalance', to)).result!.value).toBe(before);
  });

  it('zeroed signatures pass without sigVerify and fail with it', async () => {
    const wire = await signed();
    wire.fill(0, 1, 65);
    expect(await simulate(wire)).toMatchObject({ err: null });
    expect(await simulate(wire, { sigVerify: true })).toMatchObject({ code: -32003 });
  });

  it('an unknown hash is an error, unless it is replaced', async () => {
    const transaction = new Transaction({
      recentBlockhash: base58.encode(new Uint8Array(32).fill(9)),
      feePayer: payer.publicKey,
    });
    transaction.add(transfer()).sign(payer);
    const wire = transaction.serialize();
    expect(await simulate(wire)).toMatchObject({ err: 'BlockhashNotFound' });
    expect(await simulate(wire, { replaceRecentBlockhash: true })).toMatchObject({
      err: null,
      replacementBlockhash: { blockhash: expect.any(String), lastValidBlockHeight: expect.any(Number) },
    });
    expect(await simulate(wire, { replaceRecentBlockhash: true, sigVerify: true })).toMatchObject({
      code: -32602,
      message: 'sigVerify may not be used with replaceRecentBlockhash',
    });
  });

  it('refuses base58 accounts, and more than the transaction has', async () => {
    const wire = await signed();
    const addresses = Array(4).fill(payer.publicKey.toBase58());
    expect(await simulate(wire, { accounts: { addresses } })).toMatchObject({
      message: 'Too many accounts provided; max 3',
    });
    expect(await simulate(wire, { accounts: { addresses: [], encoding: 'base58' } })).toMatchObject({
      message: 'base58 encoding not supported',
    });
  });
});

it('getFeeForMessage counts signatures and the compute price, and knows no unknown hash', async () => {
  const fee = async (instructions: TransactionInstruction[], recentBlockhash: string) => {
    const transaction = new Transaction({ recentBlockhash, feePayer: payer.publicKey }).add(...instructions);
    const message = transaction.compileMessage().serialize().toString('base64');
    return (await cluster.call<{ value: number | null }>('getFeeForMessage', message)).result?.value;
  };
  const hash = await blockhash();
  expect(await fee([transfer()], hash)).toBe(5000);
  const budget = [
    ComputeBudgetProgram.setComputeUnitLimit({ units: 1001 }),
    ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 1000 }),
  ];
  expect(await fee([...budget, transfer()], hash)).toBe(5000 + 2);
  expect(await fee([transfer()], base58.encode(new Uint8Array(32).fill(9)))).toBeNull();
});

describe('chaos', () => {
  const body = async () => {
    const params = [(await signed()).toString('base64'), { encoding: 'base64', skipPreflight: true }];
    return JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'sendTransaction', params });
  };

  it.each([
    ['send429Rate', 429, 1],
    ['send500Rate', 500, 0],
  ])('%s answers that status and sends nothing', async (setting, status, sendArrivesAnywayRate) => {
    const request = await body();
    cluster.chaos.set({ [setting]: 1, sendArrivesAnywayRate });
    expect((await post(cluster.url, request)).status).toBe(status);
    expect((await cluster.call('getHealth')).result).toBe('ok');
    expect(cluster.submitted.count).toBe(0);
  });

  it('a dropped send is answered and never lands', async () => {
    const wire = await signed();
    cluster.chaos.set({ sendDropRate: 1 });
    expect((await send(wire)).result).toBe(signatureOf(wire));
    expect(cluster.received).toHaveLength(1);
    await cluster.step();
    expect(await statusOf(signatureOf(wire))).toBeNull();
  });

  it('a duplicated send reaches the engine twice and lands once', async () => {
    const wire = await signed();
    cluster.chaos.set({ sendDuplicateRate: 1 });
    await send(wire);
    await cluster.step(2);
    expect(cluster.submitted.count).toBe(2);
    expect(await statusOf(signatureOf(wire))).toMatchObject({ err: null });
  });

  it('a timeout closes the connection without an answer', async () => {
    const request = await body();
    cluster.chaos.set({ sendTimeoutRate: 1, sendTimeoutMs: 1, sendArrivesAnywayRate: 0 });
    await expect(post(cluster.url, request)).rejects.toThrow();
    expect(cluster.submitted.count).toBe(0);
  });

  // Bots have bought twice because a send without an answer was taken for one that had failed.
  it.each([
    ['answered 500', { send500Rate: 1 }],
    ['never answered', { sendTimeoutRate: 1, sendTimeoutMs: 1 }],
  ])('a send that is %s may land all the same', async (_name, faults) => {
    const wire = await signed();
    for (const skipPreflight of [true, false]) {
      cluster.chaos.set({ ...faults, sendArrivesAnywayRate: 1 });
      const answer = await send(wire, { skipPreflight }).catch(() => undefined);
      expect(answer?.result).toBeUndefined();
      cluster.chaos.clear();
    }
    expect(cluster.submitted.count).toBe(2);
    expect(cluster.received.map(({ signature }) => signature)).toEqual(Array(2).fill(signatureOf(wire)));
    await cluster.step();
    expect(await statusOf(signatureOf(wire))).toMatchObject({ err: null });
  });

  it('lagging statuses come with the slot of their view', async () => {
    const wire = await signed();
    await send(wire);
    await cluster.step(3);
    cluster.chaos.set({ statusLagSlots: 20 });
    const late = await cluster.call<{ context: { slot: number }; value: unknown[] }>('getSignatureStatuses', [
      signatureOf(wire),
    ]);
    const slot = (await cluster.call<number>('getSlot', { commitment: 'processed' })).result!;
    expect(late.result).toMatchObject({ context: { slot: slot - 20 }, value: [null] });
    cluster.chaos.set({ statusLagSlots: 0, readLagSlots: 10 });
    expect((await cluster.call('getSlot', { commitment: 'processed' })).result).toBe(slot - 10);
  });

  it('a node that lags by more than 128 slots is unhealthy, and says by how many', async () => {
    await cluster.step(150);
    const health = async (readLagSlots: number) => {
      cluster.chaos.set({ readLagSlots });
      return (await fetch(`${cluster.url}/health`)).text();
    };
    // The slot that is being made is one ahead of the newest that was processed.
    expect(await health(127)).toBe('ok');
    expect(await health(128)).toBe('behind 129');
    const unhealthy = { code: -32005, message: 'Node is behind by 129 slots', data: { numSlotsBehind: 129 } };
    expect((await cluster.call('getHealth')).error).toEqual(unhealthy);
    const wire = await signed();
    expect((await send(wire)).error).toEqual(unhealthy);
    expect((await send(wire, { skipPreflight: true })).result).toBe(signatureOf(wire));
  });

  it('reads are disturbed by their own rates', async () => {
    cluster.chaos.set({ read429Rate: 1 });
    const request = '{"jsonrpc":"2.0","id":1,"method":"getSlot"}';
    expect((await post(cluster.url, request)).status).toBe(429);
    cluster.chaos.clear();
    expect((await post(cluster.url, request)).status).toBe(200);
  });
});
