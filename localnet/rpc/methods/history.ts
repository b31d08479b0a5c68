/** What became of transactions: statuses, whole transactions, an address's history. */
import type { ExecutedTransaction } from '../../engine/messages.js';
import type { SignatureStatus } from '../../ledger/types.js';
import type { Method, RpcContext } from '../context.js';
import { viewAt, withContext } from '../context.js';
import { checkPubkey, checkSignature } from '../encode/base.js';
import type { Json } from '../encode/json.js';
import { memoOf } from '../encode/memo.js';
import { asJson, encodeTransactionWithMeta } from '../encode/transaction.js';
import { invalidParams } from '../errors.js';
import {
  readArguments,
  readConfig,
  readOptionalBoolean,
  readOptionalString,
  readOptionalU64,
  readString,
  readStrings,
} from '../params.js';
import { readEncodingOrConfig, readHistoryCommitment, readTransactionEncoding } from './blocks.js';

const STATUSES_MAX = 256;
const SIGNATURES_FOR_ADDRESS_MAX = 1000;

const getSignatureStatuses: Method = (params, context) => {
  const [texts, config] = readArguments(params, 1, 2);
  const signatures = readStrings(texts);
  const options = readConfig(config, 'RpcSignatureStatusConfig');
  if (signatures.length > STATUSES_MAX) {
    throw invalidParams(`Too many inputs provided; max ${STATUSES_MAX}`);
  }
  for (const signature of signatures) checkSignature(signature);
  const searchHistory = readOptionalBoolean(options.searchTransactionHistory) ?? false;
  const { ledger } = context;
  const value = signatures.map((signature) => {
    const status = ledger.signatureStatus(signature, searchHistory);
    return status === undefined ? null : encodeStatus(status);
  });
  return withContext(ledger.slot('processed'), value);
};

function encodeStatus(status: SignatureStatus): Json {
  const err = asJson(status.err);
  return {
    confirmationStatus: status.commitment,
    confirmations: status.confirmations,
    err,
    slot: status.slot,
    status: status.err === null ? { Ok: null } : { Err: err },
  };
}

const getTransaction: Method = (params, { ledger }) => {
  const [text, config] = readArguments(params, 1, 2);
  const signature = checkSignature(readString(text));
  const options = readEncodingOrConfig(config, 'RpcTransactionConfig');
  const format = {
    encoding: readTransactionEncoding(options, 'json'),
    maxSupportedVersion: readOptionalU64(options.maxSupportedTransactionVersion),
  };
  const commitment = readHistoryCommitment(options);
  const executed = ledger.transaction(signature, commitment);
  if (executed === undefined) return null;
  const blockTime = ledger.block(executed.slot, commitment)?.info.blockTime ?? null;
  return { ...encodeTransactionWithMeta(executed, format), blockTime, slot: executed.slot };
};

const getSignaturesForAddress: Method = (params, context) => {
  const [text, config] = readArguments(params, 1, 2);
  const address = checkPubkey(readString(text));
  const options = readConfig(config, 'RpcSignaturesForAddressConfig');
  const before = readOptionalString(options.before);
  const until = readOptionalString(options.until);
  if (before !== undefined) checkSignature(before);
  if (until !== undefined) checkSignature(until);
  const limit = readOptionalU64(options.limit) ?? SIGNATURES_FOR_ADDRESS_MAX;
  if (limit === 0 || limit > SIGNATURES_FOR_ADDRESS_MAX) {
    throw invalidParams(`Invalid limit; max ${SIGNATURES_FOR_ADDRESS_MAX}`);
  }
  const commitment = readHistoryCommitment(options);
  viewAt(context.ledger, commitment, readOptionalU64(options.minContextSlot));
  const found = context.ledger.signaturesForAddress(address, {
    commitment,
    limit,
    ...(before === undefined ? {} : { before }),
    ...(until === undefined ? {} : { until }),
  });
  return found.map((executed) => encodeSignatureInfo(executed, context));
};

function encodeSignatureInfo(executed: ExecutedTransaction, { ledger }: RpcContext): Json {
  const rooted = executed.slot <= ledger.slot('finalized');
  return {
    blockTime: ledger.block(executed.slot, 'confirmed')?.info.blockTime ?? null,
    confirmationStatus: rooted ? 'finalized' : 'confirmed',
    err: asJson(executed.err),
    memo: memoOf(executed),
    signature: executed.signature,
    slot: executed.slot,
  };
}

export const historyMethods: Readonly<Record<string, Method>> = {
  getSignatureStatuses,
  getTransaction,
  getSignaturesForAddress,
};
