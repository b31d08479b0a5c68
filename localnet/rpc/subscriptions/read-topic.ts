/** Reads the parameters of the subscribe methods. */
import { readAccountFormat } from '../encode/account.js';
import { isPubkey, isSignature } from '../encode/base.js';
import { BLOCK_DETAILS, type BlockDetails } from '../encode/block.js';
import { readFilters } from '../encode/filter.js';
import { invalidParams } from '../errors.js';
import { readHistoryCommitment, readTransactionEncoding } from '../methods/blocks.js';
import {
  readArguments,
  readCommitment,
  readConfig,
  readOptionalBoolean,
  readOptionalU64,
  readString,
  readStrings,
  readVariant,
} from '../params.js';
import type { TopicKind, TopicName } from './topic.js';

export const READERS: Readonly<Record<TopicName, (params: unknown) => TopicKind>> = {
  account: readAccount,
  program: readProgram,
  logs: readLogs,
  signature: readSignature,
  block: readBlock,
  slot: (params) => plain(params, { name: 'slot' }),
  root: (params) => plain(params, { name: 'root' }),
  slotsUpdates: (params) => plain(params, { name: 'slotsUpdates' }),
};

function plain(params: unknown, kind: TopicKind): TopicKind {
  readArguments(params, 0, 0);
  return kind;
}

function readPubkey(value: unknown, thing: string): string {
  const text = readString(value);
  if (!isPubkey(text)) throw invalidParams(`Invalid Request: Invalid ${thing} provided`);
  return text;
}

function readAccount(params: unknown): TopicKind {
  const [address, config] = readArguments(params, 1, 2);
  const options = readConfig(config, 'RpcAccountInfoConfig');
  return {
    name: 'account',
    address: readPubkey(address, 'pubkey'),
    commitment: readCommitment(options.commitment) ?? 'finalized',
    format: readAccountFormat(options),
  };
}

function readProgram(params: unknown): TopicKind {
  const [address, config] = readArguments(params, 1, 2);
  const options = readConfig(config, 'RpcProgramAccountsConfig');
  const filters = readFilters(options.filters);
  return {
    name: 'program',
    program: readPubkey(address, 'pubkey'),
    commitment: readCommitment(options.commitment) ?? 'finalized',
    filters,
    format: readAccountFormat(options),
  };
}

function readLogs(params: unknown): TopicKind {
  const [filter, config] = readArguments(params, 1, 2);
  const options = readConfig(config, 'RpcTransactionLogsConfig');
  const commitment = readCommitment(options.commitment) ?? 'finalized';
  if (typeof filter === 'string') {
    const variant = readVariant(filter, ['all', 'allWithVotes', 'mentions']);
    return { name: 'logs', commitment, mentions: undefined, votes: variant === 'allWithVotes' };
  }
  const { mentions } = readConfig(filter, 'RpcTransactionLogsFilter');
  const addresses = readStrings(mentions);
  if (addresses.length !== 1) throw invalidParams('Invalid Request: Only 1 address supported');
  return { name: 'logs', commitment, mentions: readPubkey(addresses[0], 'mentions'), votes: true };
}

function readSignature(params: unknown): TopicKind {
  const [text, config] = readArguments(params, 1, 2);
  const options = readConfig(config, 'RpcSignatureSubscribeConfig');
  const signature = readString(text);
  if (!isSignature(signature)) throw invalidParams('Invalid Request: Invalid signature provided');
  return {
    name: 'signature',
    signature,
    commitment: readCommitment(options.commitment) ?? 'finalized',
    received: readOptionalBoolean(options.enableReceivedNotification) ?? false,
  };
}

function readBlock(params: unknown): TopicKind {
  const [filter, config] = readArguments(params, 1, 2);
  const options = readConfig(config, 'RpcBlockSubscribeConfig');
  const commitment = readHistoryCommitment(options);
  const format = {
    details: readVariant(options.transactionDetails ?? 'full', BLOCK_DETAILS) as BlockDetails,
    encoding: readTransactionEncoding(options, 'base64'),
    maxSupportedVersion: readOptionalU64(options.maxSupportedTransactionVersion),
    rewards: readOptionalBoolean(options.showRewards) ?? false,
  };
  if (typeof filter === 'string') {
    readVariant(filter, ['all', 'mentionsAccountOrProgram']);
    return { name: 'block', commitment, mentions: undefined, format };
  }
  const wanted = readConfig(filter, 'RpcBlockSubscribeFilter').mentionsAccountOrProgram;
  return { name: 'block', commitment, mentions: readPubkey(wanted, 'mentions_account_or_program'), format };
}
