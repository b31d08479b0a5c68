import { createHash } from 'node:crypto';
import type { BlockEvent } from '../engine/messages.js';
import { type AccountUpdate, writeAccountInfo } from './account-update.js';
import { addressBytes } from './base58.js';
import type { BlockFilter } from './block-filter.js';
import { type DataSlices, sliceData } from './data-slices.js';
import { writeCreatedAt } from './timestamp.js';
import type { TransactionUpdate } from './transaction-update.js';
import { WireWriter } from './wire-writer.js';

const UPDATE_BLOCK = 5;
const UPDATE_BLOCK_META = 7;
const UPDATE_ENTRY = 8;
/** Hashes between two entries of a validator's clock. */
const HASHES_PER_ENTRY = 12_500;

const writer = new WireWriter();

/** Fields that block and block meta number alike: slot, blockhash, rewards, time, height. */
function writeBlockHead(info: BlockEvent): void {
  writer.uint(1, info.slot);
  writer.string(2, info.blockhash);
  writer.close(writer.open(3));
  const time = writer.open(4);
  writer.uint(1, info.blockTime);
  writer.close(time);
  const height = writer.open(5);
  writer.uint(1, info.blockHeight);
  writer.close(height);
}

/** The encoded block-meta update without its filter names. */
export function encodeBlockMeta(info: BlockEvent, createdAtMs: number): Buffer {
  const start = writer.open(UPDATE_BLOCK_META);
  writeBlockHead(info);
  writer.uint(6, info.parentSlot);
  writer.string(7, info.parentBlockhash);
  writer.uint(8, info.transactionCount);
  writer.uint(9, info.entryCount);
  writer.close(start);
  writeCreatedAt(writer, createdAtMs);
  return writer.finish();
}

/**
 * The block's entries, each as an encoded `SubscribeUpdateEntry`. The engine has no proof of history: transactions
 * are spread evenly over all entries but the last, and hashes are made from the blockhash, which the last one has.
 */
export function encodeEntries(info: BlockEvent): readonly Buffer[] {
  const entries: Buffer[] = [];
  const carrying = Math.max(1, info.entryCount - 1);
  for (let index = 0; index < info.entryCount; index++) {
    const first = Math.min(info.transactionCount, Math.ceil((info.transactionCount * index) / carrying));
    const end = Math.min(info.transactionCount, Math.ceil((info.transactionCount * (index + 1)) / carrying));
    writer.uint(1, info.slot);
    writer.uint(2, index);
    writer.uint(3, HASHES_PER_ENTRY);
    const isLast = index === info.entryCount - 1;
    writer.bytes(4, isLast ? addressBytes(info.blockhash) : entryHash(info.blockhash, index));
    writer.uint(5, end - first);
    writer.uint(6, first);
    entries.push(writer.finish());
  }
  return entries;
}

function entryHash(blockhash: string, index: number): Uint8Array {
  return createHash('sha256').update(`${blockhash}:${index}`).digest();
}

/** An encoded entry as an update without its filter names. */
export function encodeEntryUpdate(entry: Buffer, createdAtMs: number): Buffer {
  writer.bytesAlways(UPDATE_ENTRY, entry);
  writeCreatedAt(writer, createdAtMs);
  return writer.finish();
}

/** What a block is put together from. */
export interface BlockContent {
  readonly info: BlockEvent;
  readonly transactions: readonly TransactionUpdate[];
  /** The last write of each account in the block. */
  readonly accounts: readonly AccountUpdate[];
  readonly entries: readonly Buffer[];
  readonly createdAtMs: number;
}

/** The block as one filter wants it, without the filter's name. */
export function encodeBlock(content: BlockContent, filter: BlockFilter, slices: DataSlices): Buffer {
  const { info } = content;
  const start = writer.open(UPDATE_BLOCK);
  writeBlockHead(info);
  if (filter.includeTransactions) {
    for (const update of content.transactions) {
      if (filter.wants(update.keys())) writer.bytesAlways(6, update.info());
    }
  }
  writer.uint(7, info.parentSlot);
  writer.string(8, info.parentBlockhash);
  writer.uint(9, info.transactionCount);
  writer.uint(10, content.accounts.length);
  if (filter.includeAccounts) writeAccounts(content.accounts, filter, slices);
  writer.uint(12, info.entryCount);
  if (filter.includeEntries) for (const entry of content.entries) writer.bytesAlways(13, entry);
  writer.close(start);
  writeCreatedAt(writer, content.createdAtMs);
  return writer.finish();
}

function writeAccounts(accounts: readonly AccountUpdate[], filter: BlockFilter, slices: DataSlices): void {
  for (const { write, signature } of accounts) {
    if (!filter.wants(new Set([write.address]))) continue;
    const start = writer.open(11);
    writeAccountInfo(writer, write, sliceData(write.account.data, slices), signature);
    writer.close(start);
  }
}
