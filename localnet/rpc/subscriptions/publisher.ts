/**
 * Turns the engine's events into notifications. As on a real node, everything but slots is told slot by slot,
 * when the slot reaches the subscription's commitment: at most one notification of an account for each slot.
 */
import type { EngineEvent, SlotEvent } from '../../engine/messages.js';
import { SYSTEM_PROGRAM } from '../../engine/well-known.js';
import type { Ledger } from '../../ledger/types.js';
import { withContext } from '../context.js';
import { encodeAccount } from '../encode/account.js';
import { encodeBlock } from '../encode/block.js';
import type { Json } from '../encode/json.js';
import { asJson } from '../encode/transaction.js';
import { RpcError, UNSUPPORTED_TRANSACTION_VERSION } from '../errors.js';
import { mintDecimals } from '../methods/accounts.js';
import type { TopicOf, TopicRegistry } from './registry.js';
import { type Level, SlotLog, type SlotRecord } from './slot-log.js';
import { frozenUpdate, slotUpdate } from './slot-updates.js';

/** How a drained account is shown: without lamports, data or owner. */
const GONE = {
  data: new Uint8Array(0),
  executable: false,
  lamports: 0n,
  owner: SYSTEM_PROGRAM,
  rentEpoch: 0n,
};

export class Publisher {
  readonly #ledger: Ledger;
  readonly #topics: TopicRegistry;
  readonly #log = new SlotLog();
  #announcedSlot = -1;

  constructor(ledger: Ledger, topics: TopicRegistry) {
    this.#ledger = ledger;
    this.#topics = topics;
  }

  onEvent(event: EngineEvent): void {
    this.#log.record(event);
    if (event.type === 'slot') this.#onSlot(event);
  }

  /** A node took the bytes of this transaction in. */
  onSignatureReceived(signature: string): void {
    for (const topic of this.#topics.ofSignature(signature)) {
      if (!topic.kind.received) continue;
      this.#topics.notify(topic, withContext(this.#ledger.slot('processed'), 'receivedSignature'));
    }
  }

  #onSlot(event: SlotEvent): void {
    const { slot, status } = event;
    if (status === 'createdBank') this.#announce(slot, event.parent);
    this.#publishSlotUpdate(event);
    if (status !== 'processed' && status !== 'confirmed' && status !== 'finalized') return;
    if (status === 'processed') this.#announce(slot, event.parent);
    for (const record of this.#log.reach(slot, status)) this.#publishSlot(record, status);
    if (status === 'finalized')
      for (const topic of this.#topics.all('root')) this.#topics.notify(topic, slot);
  }

  #announce(slot: number, parent: number | null): void {
    if (slot <= this.#announcedSlot) return;
    this.#announcedSlot = slot;
    const root = this.#ledger.slot('finalized');
    for (const topic of this.#topics.all('slot')) {
      this.#topics.notify(topic, { parent: parent ?? Math.max(0, slot - 1), root, slot });
    }
  }

  #publishSlot(record: SlotRecord, level: Level): void {
    this.#publishSignatures(record, level);
    this.#publishLogs(record, level);
    this.#publishAccounts(record, level);
    this.#publishBlock(record, level);
  }

  #publishSignatures({ slot, transactions }: SlotRecord, level: Level): void {
    if (!this.#topics.has('signature')) return;
    for (const { signature, err } of transactions) {
      for (const topic of this.#topics.ofSignature(signature)) {
        if (topic.kind.commitment !== level) continue;
        this.#topics.notify(topic, withContext(slot, { err: asJson(err) }));
        this.#topics.end(topic);
      }
    }
  }

  #publishLogs({ slot, transactions }: SlotRecord, level: Level): void {
    const topics = this.#topics.all('logs').filter(({ kind }) => kind.commitment === level);
    if (topics.length === 0) return;
    for (const transaction of transactions) {
      const value = withContext(slot, {
        err: asJson(transaction.err),
        logs: transaction.logMessages,
        signature: transaction.signature,
      });
      for (const topic of topics) {
        const { mentions, votes } = topic.kind;
        const wanted = mentions === undefined ? true : transaction.accountKeys.includes(mentions);
        if (wanted && (votes || !transaction.isVote)) this.#topics.notify(topic, value);
      }
    }
  }

  #publishAccounts({ slot, writtenAddresses }: SlotRecord, level: Level): void {
    const accounts = this.#topics.all('account').filter(({ kind }) => kind.commitment === level);
    for (const topic of accounts) {
      if (writtenAddresses.has(topic.kind.address)) this.#publishAccount(topic, slot);
    }
    const programs = this.#topics.all('program').filter(({ kind }) => kind.commitment === level);
    if (programs.length === 0) return;
    for (const address of writtenAddresses) {
      const account = this.#ledger.account(address, level)?.account;
      if (account === undefined) continue;
      for (const topic of programs) {
        const { program, filters, format } = topic.kind;
        if (account.owner !== program || !filters.every((allows) => allows(account.data))) continue;
        const encoded = this.#encode(() => encodeAccount(account, format, mintDecimals(this.#ledger, level)));
        if (encoded !== undefined) {
          this.#topics.notify(topic, withContext(slot, { account: encoded, pubkey: address }));
        }
      }
    }
  }

  #publishAccount(topic: TopicOf<'account'>, slot: number): void {
    const { address, commitment, format } = topic.kind;
    const found = this.#ledger.account(address, commitment)?.account;
    const account = found === undefined || found.lamports === 0n ? GONE : found;
    const encoded = this.#encode(() =>
      encodeAccount(account, format, mintDecimals(this.#ledger, commitment)),
    );
    if (encoded !== undefined) this.#topics.notify(topic, withContext(slot, encoded));
  }

  /** What cannot be shown in the asked encoding (base58 of more than 128 bytes) is not told. */
  #encode(encode: () => Json): Json | undefined {
    try {
      return encode();
    } catch (error) {
      if (error instanceof RpcError) return undefined;
      throw error;
    }
  }

  #publishBlock({ slot }: SlotRecord, level: Level): void {
    const topics = this.#topics.all('block').filter(({ kind }) => kind.commitment === level);
    const block = topics.length === 0 ? undefined : this.#ledger.block(slot, level);
    if (block === undefined) return;
    for (const topic of topics) {
      const { mentions, format } = topic.kind;
      const transactions = block.transactions.filter(
        ({ accountKeys }) => mentions === undefined || accountKeys.includes(mentions),
      );
      if (mentions !== undefined && transactions.length === 0) continue;
      let value: Json;
      try {
        value = { block: encodeBlock({ info: block.info, transactions }, format), err: null, slot };
      } catch (error) {
        if (!(error instanceof RpcError) || error.code !== UNSUPPORTED_TRANSACTION_VERSION) throw error;
        value = { block: null, err: { UnsupportedTransactionVersion: 0 }, slot };
      }
      this.#topics.notify(topic, withContext(slot, value));
    }
  }

  #publishSlotUpdate(event: SlotEvent): void {
    if (!this.#topics.has('slotsUpdates')) return;
    // A bank is frozen just before its slot is reported processed.
    const record = event.status === 'processed' ? this.#log.get(event.slot) : undefined;
    const update = record === undefined ? slotUpdate(event) : frozenUpdate(record, event.atMs);
    if (update === undefined) return;
    for (const topic of this.#topics.all('slotsUpdates')) this.#topics.notify(topic, update);
  }
}
