/** A Yellowstone server fed by hand, and a plain gRPC client that decodes with the official package's codecs. */
import { createHash } from 'node:crypto';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { base58 } from '@scure/base';
import { CommitmentLevel, SubscribeRequest, SubscribeUpdate } from '@triton-one/yellowstone-grpc';
import { onTestFinished } from 'vitest';
import type {
  AccountState,
  AccountWrite,
  BlockEvent,
  EngineEvent,
  ExecutedTransaction,
  SlotLifeStatus,
} from '../../localnet/engine/messages.js';
import { type GeyserOptions, startGeyser } from '../../localnet/geyser/start-geyser.js';
import type { Ledger, LedgerFeed } from '../../localnet/ledger/types.js';

export const SYSTEM_PROGRAM = '11111111111111111111111111111111';
export const TOKEN_PROGRAM = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA';

/** The address that belongs to a name; the same in every run. */
export function address(name: string): string {
  return base58.encode(createHash('sha256').update(name).digest());
}

export function signatureOf(name: string): string {
  return base58.encode(createHash('sha512').update(name).digest());
}

export function accountState(fields: Partial<AccountState> = {}): AccountState {
  return {
    lamports: 1_000n,
    owner: SYSTEM_PROGRAM,
    executable: false,
    rentEpoch: 2n ** 64n - 1n,
    data: new Uint8Array(),
    ...fields,
  };
}

/** A legacy transaction's bytes: one signature, the keys, one instruction of the last key's program. */
export function legacyWire(name: string, keys: readonly string[]): Uint8Array {
  return Buffer.concat([
    Buffer.from([1]),
    createHash('sha512').update(name).digest(),
    Buffer.from([1, 0, 1, keys.length]),
    ...keys.map((key) => base58.decode(key)),
    createHash('sha256').update('recent blockhash').digest(),
    Buffer.from([1, keys.length - 1, 2, 0, 1, 3, 7, 8, 9]),
  ]);
}

/** The feed and the ledger of a cluster whose events a test makes. */
export class SyntheticFeed implements LedgerFeed {
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  #writeVersion = 0n;

  subscribe(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: EngineEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  write(name: string, state: Partial<AccountState> = {}): AccountWrite {
    this.#writeVersion++;
    return { address: address(name), account: accountState(state), writeVersion: this.#writeVersion };
  }

  /** Executes a transaction named `name` over the named keys; the writes are the given ones. */
  transaction(
    slot: number,
    name: string,
    keys: readonly string[],
    writes: readonly AccountWrite[] = [],
    fields: Partial<ExecutedTransaction> = {},
  ): ExecutedTransaction {
    const accountKeys = keys.map(address);
    const transaction: ExecutedTransaction = {
      signature: signatureOf(name),
      slot,
      index: 0,
      wire: legacyWire(name, accountKeys),
      isVote: false,
      err: null,
      fee: 5_000n,
      computeUnitsConsumed: 150n,
      logMessages: ['Program log: hello'],
      innerInstructions: [],
      accountKeys,
      loadedWritable: [],
      loadedReadonly: [],
      preBalances: [2n ** 60n, 0n],
      postBalances: [1n, 2n],
      preTokenBalances: [],
      postTokenBalances: [],
      writes,
      executedAtMs: 1_700_000_000_123.5,
      external: true,
      ...fields,
    };
    this.emit({ type: 'transaction', transaction });
    return transaction;
  }

  accounts(slot: number, writes: readonly AccountWrite[]): void {
    this.emit({ type: 'accounts', slot, writes });
  }

  block(slot: number, fields: Partial<BlockEvent> = {}): BlockEvent {
    const event: BlockEvent = {
      type: 'block',
      slot,
      parentSlot: slot - 1,
      blockhash: address(`block ${slot}`),
      parentBlockhash: address(`block ${slot - 1}`),
      blockHeight: slot,
      blockTime: 1_700_000_000 + slot,
      leader: address('leader'),
      transactionCount: 0,
      entryCount: 2,
      ...fields,
    };
    this.emit(event);
    return event;
  }

  slot(
    slot: number,
    status: SlotLifeStatus,
    fields: { parent?: number | null; deadError?: string } = {},
  ): void {
    this.emit({ type: 'slot', slot, parent: slot - 1, status, atMs: 1_700_000_000_000 + slot, ...fields });
  }

  /** Block, then PROCESSED. */
  freeze(slot: number, fields: Partial<BlockEvent> = {}): void {
    this.block(slot, fields);
    this.slot(slot, 'processed');
  }
}

export const LEDGER = {
  slot: (commitment: string) => (commitment === 'processed' ? 12 : 10),
  latestBlockhash: (commitment: string) => ({
    blockhash: address(commitment),
    slot: commitment === 'processed' ? 12 : 10,
    blockHeight: commitment === 'processed' ? 11 : 9,
    lastValidBlockHeight: commitment === 'processed' ? 161 : 159,
  }),
  isBlockhashValid: (blockhash: string) => blockhash === address('processed'),
} as unknown as Ledger;

/** A running server on a port of the system's choice; closed when the test ends. */
export async function serve(options: Partial<GeyserOptions> = {}) {
  const feed = new SyntheticFeed();
  const server = await startGeyser({ ledger: LEDGER, feed, host: '127.0.0.1', port: 0, ...options });
  onTestFinished(() => server.close());
  return { feed, server, port: server.port };
}

export function request(fields: Partial<SubscribeRequest> = {}): SubscribeRequest {
  return {
    accounts: {},
    slots: {},
    transactions: {},
    transactionsStatus: {},
    blocks: {},
    blocksMeta: {},
    entry: {},
    accountsDataSlice: [],
    ...fields,
  };
}

export const accountsFilter = (fields: Partial<SubscribeRequest['accounts'][string]> = {}) => ({
  account: [],
  owner: [],
  filters: [],
  ...fields,
});

export const transactionsFilter = (fields: Partial<SubscribeRequest['transactions'][string]> = {}) => ({
  accountInclude: [],
  accountExclude: [],
  accountRequired: [],
  ...fields,
});

export const blocksFilter = (fields: Partial<SubscribeRequest['blocks'][string]> = {}) => ({
  accountInclude: [],
  ...fields,
});

export function grpcClient(port: number): Client {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
  });
  onTestFinished(() => client.close());
  return client;
}

/** Calls a method that has one answer, with raw bytes; resolves with the answer's bytes or the status. */
export function unary(port: number, method: string, message: Uint8Array): Promise<Buffer | ServiceError> {
  const bytes = (buffer: Buffer) => buffer;
  const path = `/geyser.Geyser/${method}`;
  return new Promise((resolve) => {
    grpcClient(port).makeUnaryRequest(path, bytes, bytes, Buffer.from(message), (error, answer) =>
      resolve(error ?? answer!),
    );
  });
}

/** A `Subscribe` stream that remembers what came. */
export class TestStream {
  readonly received: SubscribeUpdate[] = [];
  /** Resolves when the stream ends, however it does. */
  readonly ended: Promise<{ code: status; details: string }>;
  readonly call;
  #pingId = 0;
  #wake: () => void = () => undefined;

  constructor(client: Client, metadata = new Metadata()) {
    this.call = client.makeBidiStreamRequest(
      '/geyser.Geyser/Subscribe',
      (bytes: Buffer) => bytes,
      SubscribeUpdate.decode,
      metadata,
    );
    this.call.on('data', (update: SubscribeUpdate) => {
      this.received.push(update);
      this.#wake();
    });
    this.ended = new Promise((resolve) => {
      this.call.on('error', ({ code, details }: ServiceError) => resolve({ code, details }));
      this.call.on('end', () => resolve({ code: status.OK, details: '' }));
    });
    onTestFinished(() => this.call.cancel());
  }

  send(fields: Partial<SubscribeRequest>): void {
    this.call.write(Buffer.from(SubscribeRequest.encode(request(fields)).finish()));
  }

  sendBytes(bytes: Uint8Array): void {
    this.call.write(Buffer.from(bytes));
  }

  async until(wanted: (update: SubscribeUpdate) => boolean): Promise<void> {
    while (!this.received.some(wanted)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Waits until the server has handled everything sent so far, and everything that it sent has come. */
  async settle(): Promise<void> {
    this.#pingId++;
    const id = this.#pingId;
    this.send({ ping: { id } });
    await this.until(({ pong }) => pong?.id === id);
  }

  /** Everything that came but pings and pongs, since the last call. */
  async updates(): Promise<SubscribeUpdate[]> {
    await this.settle();
    const updates = this.received.filter(({ ping, pong }) => ping === undefined && pong === undefined);
    this.received.length = 0;
    return updates;
  }
}

/** Opens a stream with a filter that is in force when this resolves. */
export async function subscribe(port: number, fields: Partial<SubscribeRequest>): Promise<TestStream> {
  const stream = new TestStream(grpcClient(port));
  stream.send(fields);
  await stream.settle();
  return stream;
}

/** An update in a few words, for comparing orders. */
export function summary(update: SubscribeUpdate): string {
  if (update.account !== undefined) {
    const { account, slot } = update.account;
    return `account ${nameOf(account!.pubkey)} v${account!.writeVersion} in ${slot}`;
  }
  if (update.transaction !== undefined) return `transaction in ${update.transaction.slot}`;
  if (update.transactionStatus !== undefined) return `status in ${update.transactionStatus.slot}`;
  if (update.entry !== undefined) return `entry ${update.entry.index} of ${update.entry.slot}`;
  if (update.block !== undefined) return `block ${update.block.slot}`;
  if (update.blockMeta !== undefined) return `meta ${update.blockMeta.slot}`;
  if (update.slot !== undefined) return `slot ${update.slot.slot} ${update.slot.status}`;
  return update.ping === undefined ? 'pong' : 'ping';
}

const NAMES = ['alice', 'bob', 'carol', 'pool', 'vault', 'mint'];
const NAME_OF = new Map(NAMES.map((name) => [address(name), name]));

function nameOf(pubkey: Uint8Array): string {
  const text = base58.encode(pubkey);
  return NAME_OF.get(text) ?? text;
}

export { CommitmentLevel };
