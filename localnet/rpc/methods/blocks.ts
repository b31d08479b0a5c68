/** Blocks, their times and which slots have one. */
import type { Commitment } from '../../engine/messages.js';
import type { Ledger } from '../../ledger/types.js';
import type { Method, RpcContext } from '../context.js';
import { viewAt } from '../context.js';
import { BLOCK_DETAILS, type BlockDetails, encodeBlock } from '../encode/block.js';
import { TRANSACTION_ENCODINGS, type TransactionEncoding } from '../encode/transaction.js';
import {
  blockCleanedUp,
  blockNotAvailable,
  invalidParams,
  longTermStorageSlotSkipped,
  slotSkipped,
} from '../errors.js';
import {
  type Config,
  readArguments,
  readCommitment,
  readConfig,
  readOptionalBoolean,
  readOptionalU64,
  readU64,
  readVariant,
} from '../params.js';

const BLOCKS_RANGE_MAX = 500_000;

/** History methods answer at `confirmed` and `finalized` only. */
export function readHistoryCommitment(config: Config): 'confirmed' | 'finalized' {
  const commitment: Commitment = readCommitment(config.commitment) ?? 'finalized';
  if (commitment === 'processed') {
    throw invalidParams('Method does not support commitment below `confirmed`');
  }
  return commitment;
}

/** Old clients give the encoding alone in place of the object of options. */
export function readEncodingOrConfig(value: unknown, structName: string): Config {
  return typeof value === 'string' ? { encoding: value } : readConfig(value, structName);
}

export function readTransactionEncoding(config: Config, fallback: TransactionEncoding): TransactionEncoding {
  const { encoding } = config;
  if (encoding === undefined || encoding === null) return fallback;
  return readVariant(encoding, TRANSACTION_ENCODINGS) as TransactionEncoding;
}

/** Why a rooted slot has no block. */
function missingBlock(context: RpcContext, slot: number): Error {
  const { ledger } = context;
  const gap = ledger.slotGap(slot);
  if (gap === 'pruned' || slot < ledger.firstAvailableBlock()) {
    return context.longTermStorage
      ? longTermStorageSlotSkipped(slot)
      : blockCleanedUp(slot, ledger.firstAvailableBlock());
  }
  return gap === 'skipped' ? slotSkipped(slot) : blockNotAvailable(slot);
}

const getBlock: Method = (params, context) => {
  const [slotParam, configParam] = readArguments(params, 1, 2);
  const slot = readU64(slotParam);
  const config = readEncodingOrConfig(configParam, 'RpcBlockConfig');
  const commitment = readHistoryCommitment(config);
  const details = config.transactionDetails ?? 'full';
  const format = {
    details: readVariant(details, BLOCK_DETAILS) as BlockDetails,
    encoding: readTransactionEncoding(config, 'json'),
    maxSupportedVersion: readOptionalU64(config.maxSupportedTransactionVersion),
    rewards: readOptionalBoolean(config.rewards) ?? true,
  };
  const { ledger } = context;
  const rooted = slot <= ledger.slot('finalized');
  const block = ledger.block(slot, rooted ? 'finalized' : commitment);
  if (block === undefined) throw rooted ? missingBlock(context, slot) : blockNotAvailable(slot);
  return encodeBlock(block, format);
};

function slotsWithBlocks(ledger: Ledger, from: number, to: number, limit: number, at: Commitment): number[] {
  const slots: number[] = [];
  for (let slot = Math.max(from, ledger.firstAvailableBlock()); slot <= to && slots.length < limit; slot++) {
    if (ledger.block(slot, at) !== undefined) slots.push(slot);
  }
  return slots;
}

const getBlocks: Method = (params, { ledger }) => {
  const [start, second, third] = readArguments(params, 1, 3);
  const startSlot = readU64(start);
  const endGiven = typeof second === 'number' ? readU64(second) : undefined;
  const config = readConfig(third ?? (endGiven === undefined ? second : undefined), 'RpcContextConfig');
  const commitment = readHistoryCommitment(config);
  const view = viewAt(ledger, commitment, readOptionalU64(config.minContextSlot));
  const endSlot = Math.min(endGiven ?? startSlot + BLOCKS_RANGE_MAX, view.slot);
  if (endSlot - startSlot > BLOCKS_RANGE_MAX) {
    throw invalidParams(`Slot range too large; max ${BLOCKS_RANGE_MAX}`);
  }
  return slotsWithBlocks(ledger, startSlot, endSlot, BLOCKS_RANGE_MAX + 1, commitment);
};

const getBlocksWithLimit: Method = (params, { ledger }) => {
  const [start, count, third] = readArguments(params, 2, 3);
  const startSlot = readU64(start);
  const limit = readU64(count);
  const config = readConfig(third, 'RpcContextConfig');
  const commitment = readHistoryCommitment(config);
  if (limit > BLOCKS_RANGE_MAX) throw invalidParams(`Limit too large; max ${BLOCKS_RANGE_MAX}`);
  const view = viewAt(ledger, commitment, readOptionalU64(config.minContextSlot));
  return slotsWithBlocks(ledger, startSlot, view.slot, limit, commitment);
};

const getBlockTime: Method = (params, context) => {
  const [slotParam] = readArguments(params, 1, 1);
  const slot = readU64(slotParam);
  const { ledger } = context;
  const rooted = slot <= ledger.slot('finalized');
  const block = ledger.block(slot, rooted ? 'finalized' : 'processed');
  if (block === undefined) throw rooted ? missingBlock(context, slot) : blockNotAvailable(slot);
  return block.info.blockTime;
};

export const blockMethods: Readonly<Record<string, Method>> = {
  getBlock,
  getBlocks,
  getBlocksWithLimit,
  getBlockTime,
};
