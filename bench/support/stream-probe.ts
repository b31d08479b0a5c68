/** Watches a cluster's stream for transactions of some wallets and for the ticks of its slots. */
import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import { CommitmentLevel, SubscribeRequest, SubscribeUpdate } from '@triton-one/yellowstone-grpc';

/** By number in geyser.proto's SlotStatus. */
const FIRST_SHRED = 3;

export interface ProbeReport {
  readonly transactions: number;
  readonly failed: number;
  /** From execution to here, ms. */
  readonly deliveryMs: readonly number[];
  /** How far each slot's start was from a whole slot after the one before, ms. */
  readonly jitterMs: readonly number[];
}

export class StreamProbe {
  readonly #client: Client;
  readonly #call: ClientDuplexStream<Uint8Array, Uint8Array>;
  #closed = false;
  readonly #slotMs: number;
  #onTransactions: () => void = () => undefined;
  #transactions = 0;
  #failed = 0;
  #deliveryMs: number[] = [];
  #jitterMs: number[] = [];
  #lastTick: { readonly slot: number; readonly atMs: number } | undefined;

  private constructor(endpoint: string, wallets: readonly string[], slotMs: number, opened: () => void) {
    this.#slotMs = slotMs;
    // Without the executor's keep-alive: a machine that is short of processors must not cut what only counts.
    this.#client = new Client(endpoint.replace('http://', ''), credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
    });
    this.#call = this.#client.makeBidiStreamRequest<Uint8Array, Uint8Array>(
      '/geyser.Geyser/Subscribe',
      (request) => Buffer.from(request.buffer, request.byteOffset, request.byteLength),
      (message) => message,
    );
    this.#call.on('data', (bytes: Uint8Array) => {
      opened();
      this.#read(bytes);
    });
    this.#call.on('error', (error) => {
      if (!this.#closed) throw error;
    });
    this.#call.write(
      SubscribeRequest.encode({
        commitment: CommitmentLevel.PROCESSED,
        accounts: {},
        slots: { bench: { filterByCommitment: false, interslotUpdates: true } },
        transactions: {
          bench: { vote: false, accountInclude: [...wallets], accountExclude: [], accountRequired: [] },
        },
        transactionsStatus: {},
        blocks: {},
        blocksMeta: {},
        entry: {},
        accountsDataSlice: [],
      }).finish(),
    );
  }

  /** Resolves when the stream brings something. */
  static open(endpoint: string, wallets: readonly string[], slotMs: number): Promise<StreamProbe> {
    return new Promise((resolve) => {
      const probe: StreamProbe = new StreamProbe(endpoint, wallets, slotMs, () => resolve(probe));
    });
  }

  get transactions(): number {
    return this.#transactions;
  }

  /** Called after each transaction. */
  onTransaction(listener: () => void): void {
    this.#onTransactions = listener;
  }

  /** What was seen since the last call. */
  take(): ProbeReport {
    const report = {
      transactions: this.#transactions,
      failed: this.#failed,
      deliveryMs: this.#deliveryMs,
      jitterMs: this.#jitterMs,
    };
    this.#transactions = 0;
    this.#failed = 0;
    this.#deliveryMs = [];
    this.#jitterMs = [];
    return report;
  }

  close(): void {
    this.#closed = true;
    this.#call.cancel();
    this.#client.close();
  }

  #read(bytes: Uint8Array): void {
    const { slot, transaction, createdAt } = SubscribeUpdate.decode(bytes);
    const createdAtMs = createdAt?.getTime() ?? 0;
    if (transaction !== undefined) {
      this.#transactions += 1;
      if (transaction.transaction?.meta?.err !== undefined) this.#failed += 1;
      this.#deliveryMs.push(performance.timeOrigin + performance.now() - createdAtMs);
      this.#onTransactions();
    } else if (slot?.status === FIRST_SHRED) {
      const now = { slot: Number(slot.slot), atMs: createdAtMs };
      const last = this.#lastTick;
      if (last !== undefined && now.slot === last.slot + 1) {
        this.#jitterMs.push(Math.abs(now.atMs - last.atMs - this.#slotMs));
      }
      this.#lastTick = now;
    }
  }
}
