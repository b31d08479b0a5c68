import { base58 as scureBase58 } from '@scure/base';
import { SubscribeUpdate } from '@triton-one/yellowstone-grpc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base58OfFixed } from '../src/model/base58.js';
import { UpdateDecoder, type UpdateHandler } from '../src/stream/decoder.js';
import type { AccountUpdate, BlockMetaUpdate, SlotUpdate, TransactionUpdate } from '../src/stream/types.js';

const RECEIVED_US = 42;

class Collector implements UpdateHandler {
  readonly accounts: AccountUpdate[] = [];
  readonly slots: SlotUpdate[] = [];
  readonly metas: BlockMetaUpdate[] = [];
  readonly transactions: TransactionUpdate[] = [];
  readonly pongs: number[] = [];
  readonly stamps: (number | undefined)[] = [];
  pings = 0;
  onAccount(update: AccountUpdate): void {
    this.accounts.push(update);
  }
  onSlot(update: SlotUpdate, createdAtMs: number | undefined): void {
    this.stamps.push(createdAtMs);
    this.slots.push(update);
  }
  onBlockMeta(update: BlockMetaUpdate): void {
    this.metas.push(update);
  }
  onTransaction(update: TransactionUpdate): void {
    this.transactions.push(update);
  }
  onPing(): void {
    this.pings++;
  }
  onPong(id: number): void {
    this.pongs.push(id);
  }
}

const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((b) => Buffer.from(b));
const u64 = fc
  .oneof(
    fc.bigInt(0n, 300n),
    fc.bigInt(0n, 2n ** 64n - 1n),
    fc.constantFrom(2n ** 28n, 2n ** 53n, 2n ** 56n, 2n ** 63n),
  )
  .map(String);
const slot = fc
  .oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }))
  .map(String);
const i32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const text = fc.string({ maxLength: 80 });
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const envelope = {
  filters: fc.array(text, { maxLength: 3 }),
  createdAt: optional(fc.constant(new Date(1_700_000_000_123))),
};
const key = fc.oneof(bytes(32), fc.constant(Buffer.alloc(32)));

const accountInfo = fc.record({
  pubkey: key,
  lamports: u64,
  owner: key,
  executable: fc.boolean(),
  rentEpoch: u64,
  data: fc.uint8Array({ maxLength: 300 }).map((b) => Buffer.from(b)),
  writeVersion: u64,
  txnSignature: optional(bytes(64)),
});
const tokenBalance = fc.record({
  accountIndex: fc.nat(255),
  mint: text,
  uiTokenAmount: optional(
    fc.record({
      uiAmount: fc.double({ noNaN: true }),
      decimals: fc.nat(12),
      amount: u64,
      uiAmountString: text,
    }),
  ),
  owner: text,
  programId: text,
});
const instruction = fc.record({ programIdIndex: fc.nat(255), accounts: bytes(3), data: bytes(9) });
const transactionInfo = fc.record({
  signature: bytes(64),
  isVote: fc.boolean(),
  transaction: optional(
    fc.record({
      signatures: fc.array(bytes(64), { maxLength: 2 }),
      message: optional(
        fc.record({
          header: fc.constant({
            numRequiredSignatures: 1,
            numReadonlySignedAccounts: 0,
            numReadonlyUnsignedAccounts: 300,
          }),
          accountKeys: fc.array(key, { maxLength: 5 }),
          recentBlockhash: bytes(32),
          instructions: fc.array(instruction, { maxLength: 3 }),
          versioned: fc.boolean(),
          addressTableLookups: fc.array(
            fc.record({ accountKey: key, writableIndexes: bytes(2), readonlyIndexes: bytes(1) }),
            { maxLength: 2 },
          ),
        }),
      ),
    }),
  ),
  meta: optional(
    fc.record({
      err: optional(
        fc.constantFrom(
          { err: Buffer.from('080000000219000000 75170000'.replaceAll(' ', ''), 'hex') },
          { err: Buffer.from('07000000', 'hex') },
          { err: Buffer.from('ff0000ff', 'hex') },
        ),
      ),
      fee: u64,
      preBalances: fc.array(u64, { maxLength: 5 }),
      postBalances: fc.array(u64, { maxLength: 5 }),
      innerInstructions: fc.array(
        fc.record({ index: fc.nat(9), instructions: fc.array(instruction, { maxLength: 2 }) }),
        { maxLength: 2 },
      ),
      innerInstructionsNone: fc.boolean(),
      logMessages: fc.array(text, { maxLength: 4 }),
      logMessagesNone: fc.boolean(),
      preTokenBalances: fc.array(tokenBalance, { maxLength: 3 }),
      postTokenBalances: fc.array(tokenBalance, { maxLength: 3 }),
      rewards: fc.constant([]),
      loadedWritableAddresses: fc.array(key, { maxLength: 3 }),
      loadedReadonlyAddresses: fc.array(key, { maxLength: 3 }),
      returnData: optional(fc.record({ programId: key, data: bytes(5) })),
      returnDataNone: fc.boolean(),
      computeUnitsConsumed: optional(u64),
      costUnits: optional(u64),
    }),
  ),
  index: slot,
});

function decodeBoth(message: SubscribeUpdate): { ours: Collector; theirs: SubscribeUpdate; kind: string } {
  const wire = SubscribeUpdate.encode(message).finish();
  const ours = new Collector();
  const kind = new UpdateDecoder().decode(wire, RECEIVED_US, ours);
  return { ours, theirs: SubscribeUpdate.decode(wire), kind };
}

const address = (key_: Uint8Array): string => scureBase58.encode(key_);

describe('the hand-written decoder agrees with the package on random messages', () => {
  it('of accounts', () => {
    const update = fc.record({
      ...envelope,
      account: fc.record({ account: accountInfo, slot, isStartup: fc.boolean() }),
    });
    fc.assert(
      fc.property(update, (message) => {
        const { ours, theirs, kind } = decodeBoth(message);
        const info = theirs.account!.account!;
        expect(kind).toBe('account');
        expect(ours.accounts).toEqual([
          {
            address: address(info.pubkey),
            slot: Number(theirs.account!.slot),
            writeVersion: BigInt(info.writeVersion),
            lamports: BigInt(info.lamports),
            owner: address(info.owner),
            data: expect.anything(),
            txnSignature: info.txnSignature === undefined ? undefined : address(info.txnSignature),
            receivedUs: RECEIVED_US,
          },
        ]);
        expect(Buffer.compare(ours.accounts[0]!.data, info.data)).toBe(0);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('of slots', () => {
    const names = ['processed', 'confirmed', 'finalized', 'firstShred', 'completed', 'createdBank', 'dead'];
    const update = fc.record({
      ...envelope,
      slot: fc.record({ slot, parent: optional(slot), status: fc.nat(6), deadError: optional(text) }),
    });
    fc.assert(
      fc.property(update, (message) => {
        const { ours, theirs } = decodeBoth(message as SubscribeUpdate);
        const parent = theirs.slot!.parent;
        expect(ours.stamps).toEqual([theirs.createdAt?.getTime()]);
        expect(ours.slots).toEqual([
          {
            slot: Number(theirs.slot!.slot),
            parent: parent === undefined ? undefined : Number(parent),
            status: names[theirs.slot!.status],
            receivedUs: RECEIVED_US,
          },
        ]);
      }),
      { seed: 2, numRuns: 500 },
    );
  });

  it('of block metas', () => {
    const update = fc.record({
      ...envelope,
      blockMeta: fc.record({
        slot,
        blockhash: text,
        rewards: optional(fc.record({ rewards: fc.constant([]), numPartitions: fc.constant(undefined) })),
        blockTime: optional(fc.record({ timestamp: fc.bigInt(-(2n ** 40n), 2n ** 40n).map(String) })),
        blockHeight: optional(fc.record({ blockHeight: slot })),
        parentSlot: slot,
        parentBlockhash: text,
        executedTransactionCount: u64,
        entriesCount: u64,
      }),
    });
    fc.assert(
      fc.property(update, (message) => {
        const { ours, theirs } = decodeBoth(message as SubscribeUpdate);
        const meta = theirs.blockMeta!;
        expect(ours.metas).toEqual([
          {
            slot: Number(meta.slot),
            parentSlot: Number(meta.parentSlot),
            blockhash: meta.blockhash,
            blockHeight: Number(meta.blockHeight?.blockHeight ?? 0),
            blockTimeMs: Number(meta.blockTime?.timestamp ?? 0) * 1000,
            receivedUs: RECEIVED_US,
          },
        ]);
      }),
      { seed: 3, numRuns: 500 },
    );
  });

  it('of transactions', () => {
    const update = fc.record({ ...envelope, transaction: fc.record({ transaction: transactionInfo, slot }) });
    const errors: { [hex: string]: unknown } = {
      '08000000021900000075170000': { InstructionError: [2, { Custom: 6005 }] },
      '07000000': 'BlockhashNotFound',
      ff0000ff: { Undecoded: 'ff0000ff' },
    };
    const balances = (
      list: readonly {
        accountIndex: number;
        mint: string;
        owner: string;
        uiTokenAmount?: { amount: string } | undefined;
      }[],
    ) =>
      list.map((one) => ({
        accountIndex: one.accountIndex,
        mint: one.mint,
        owner: one.owner,
        amount: BigInt(one.uiTokenAmount?.amount ?? 0),
      }));
    fc.assert(
      fc.property(update, (message) => {
        const { ours, theirs } = decodeBoth(message as SubscribeUpdate);
        const { transaction: info, slot: landed } = theirs.transaction!;
        const meta = info!.meta;
        const units = meta?.computeUnitsConsumed;
        expect(ours.transactions).toEqual([
          {
            signature: address(info!.signature),
            slot: Number(landed),
            index: Number(info!.index),
            error: meta?.err === undefined ? undefined : errors[Buffer.from(meta.err.err).toString('hex')],
            feeLamports: BigInt(meta?.fee ?? 0),
            computeUnitsConsumed: units === undefined ? undefined : BigInt(units),
            accountKeys: [
              ...(info!.transaction?.message?.accountKeys ?? []),
              ...(meta?.loadedWritableAddresses ?? []),
              ...(meta?.loadedReadonlyAddresses ?? []),
            ].map(address),
            preBalances: (meta?.preBalances ?? []).map(BigInt),
            postBalances: (meta?.postBalances ?? []).map(BigInt),
            preTokenBalances: balances(meta?.preTokenBalances ?? []),
            postTokenBalances: balances(meta?.postTokenBalances ?? []),
            logMessages: meta?.err === undefined ? [] : meta.logMessages,
            receivedUs: RECEIVED_US,
          },
        ]);
      }),
      { seed: 4, numRuns: 300 },
    );
  });

  it('of pings, pongs and kinds that nobody asked for', () => {
    fc.assert(
      fc.property(i32, (id) => {
        expect(decodeBoth({ filters: [], createdAt: undefined, pong: { id } }).ours.pongs).toEqual([id]);
      }),
      { seed: 5 },
    );
    expect(decodeBoth({ filters: [], createdAt: new Date(0), ping: {} }).ours.pings).toBe(1);
    const entry = {
      slot: '1',
      index: '2',
      numHashes: '3',
      hash: Buffer.alloc(32),
      executedTransactionCount: '0',
      startingTransactionIndex: '0',
    };
    expect(decodeBoth({ filters: ['x'], createdAt: undefined, entry }).kind).toBe('other');
  });
});

describe('base58', () => {
  it('equals the reference for 32 and 64 bytes, leading zeros included', () => {
    const value = fc
      .tuple(fc.constantFrom(32, 64), fc.nat(64), fc.uint8Array({ minLength: 64, maxLength: 64 }))
      .map(([length, zeros, random]) =>
        random.slice(0, length).fill(0, 0, Math.min(zeros % 9 === 8 ? length : zeros % 9, length)),
      );
    fc.assert(
      fc.property(value, fc.nat(5), (key_, offset) => {
        const padded = new Uint8Array(offset + key_.length);
        padded.set(key_, offset);
        expect(base58OfFixed(padded, offset, key_.length as 32 | 64)).toBe(scureBase58.encode(key_));
      }),
      { seed: 6, numRuns: 2000 },
    );
  });
});

describe('bytes that are not a SubscribeUpdate', () => {
  const wire = SubscribeUpdate.encode({
    filters: ['hotslot'],
    createdAt: new Date(0),
    account: {
      slot: '300',
      isStartup: false,
      account: {
        pubkey: Buffer.alloc(32, 1),
        lamports: '1000000',
        owner: Buffer.alloc(32, 2),
        executable: false,
        rentEpoch: '18446744073709551615',
        data: Buffer.alloc(165, 3),
        writeVersion: '99',
        txnSignature: Buffer.alloc(64, 4),
      },
    },
  }).finish();

  it('throw the stream error, wherever they are cut', () => {
    for (let length = 1; length < wire.length; length++) {
      const outcome = decodeOutcome(wire.subarray(0, length));
      expect(['STREAM_FAILED', 'other', 'account']).toContain(outcome);
    }
    expect(decodeOutcome(wire.subarray(0, 100))).toBe('STREAM_FAILED');
  });

  it('never do anything but decode or throw that error, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(wire.length - 1), (noise, at) => {
        const spoilt = Uint8Array.from(wire);
        spoilt.set(noise.subarray(0, Math.min(4, wire.length - at)), at);
        for (const input of [noise, spoilt]) expect(typeof decodeOutcome(input)).toBe('string');
      }),
      { seed: 7, numRuns: 2000 },
    );
  });

  function decodeOutcome(input: Uint8Array): string {
    try {
      return new UpdateDecoder().decode(input, 0, new Collector());
    } catch (error) {
      if (error instanceof Error && 'code' in error) return String(error.code);
      throw error;
    }
  }
});
