/** Executed transactions as getTransaction, getBlock and blockSubscribe show them. */
import type { ExecutedTransaction, TokenBalanceInfo } from '../../engine/messages.js';
import { type ParsedTransaction, parseTransaction } from '../../engine/wire.js';
import { unsupportedTransactionVersion } from '../errors.js';
import { toBase58, toBase64 } from './base.js';
import { encodeInnerInstructions, encodeInstructions } from './instruction.js';
import type { Json } from './json.js';
import { uiTokenAmount } from './token.js';

/** `binary` is the old default of blocks: base58 without naming the encoding. */
export type TransactionEncoding = 'binary' | 'base58' | 'base64' | 'json' | 'jsonParsed';
export const TRANSACTION_ENCODINGS = ['binary', 'base58', 'base64', 'json', 'jsonParsed'];

const SIGNATURE_BYTES = 64;

export interface TransactionFormat {
  readonly encoding: TransactionEncoding;
  /** Undefined where the client names none: then only legacy transactions can be shown. */
  readonly maxSupportedVersion: number | undefined;
}

/** `{ transaction, meta, version? }`. Throws -32015 for a version that the client does not know. */
export function encodeTransactionWithMeta(
  executed: ExecutedTransaction,
  format: TransactionFormat,
): { readonly [key: string]: Json } {
  const parsed = parseTransaction(executed.wire);
  return {
    meta: encodeMeta(executed, format.encoding),
    transaction: encodeTransaction(executed, parsed, format.encoding),
    version: checkVersion(parsed, format.maxSupportedVersion),
  };
}

/** The `accounts` detail of getBlock: keys and balances, no instructions. */
export function encodeTransactionAccounts(
  executed: ExecutedTransaction,
  maxSupportedVersion: number | undefined,
): Json {
  const parsed = parseTransaction(executed.wire);
  return {
    meta: {
      err: asJson(executed.err),
      fee: executed.fee,
      postBalances: executed.postBalances,
      postTokenBalances: encodeTokenBalances(executed.postTokenBalances),
      preBalances: executed.preBalances,
      preTokenBalances: encodeTokenBalances(executed.preTokenBalances),
      status: encodeStatus(executed),
    },
    transaction: { accountKeys: encodeParsedKeys(executed, parsed), signatures: encodeSignatures(parsed) },
    version: checkVersion(parsed, maxSupportedVersion),
  };
}

function checkVersion(
  message: ParsedTransaction,
  maxSupported: number | undefined,
): 'legacy' | number | undefined {
  if (message.version === 'legacy') return maxSupported === undefined ? undefined : 'legacy';
  if (maxSupported === undefined || message.version > maxSupported) {
    throw unsupportedTransactionVersion(message.version);
  }
  return message.version;
}

function encodeTransaction(
  executed: ExecutedTransaction,
  message: ParsedTransaction,
  encoding: TransactionEncoding,
): Json {
  if (encoding === 'binary') return toBase58(executed.wire);
  if (encoding === 'base58') return [toBase58(executed.wire), 'base58'];
  if (encoding === 'base64') return [toBase64(executed.wire), 'base64'];
  const parsed = encoding === 'jsonParsed';
  const header = {
    numReadonlySignedAccounts: message.readonlySigned,
    numReadonlyUnsignedAccounts: message.readonlyUnsigned,
    numRequiredSignatures: message.requiredSignatures,
  };
  return {
    message: {
      accountKeys: parsed ? encodeParsedKeys(executed, message) : message.staticKeys.map(toBase58),
      addressTableLookups: message.version === 'legacy' ? undefined : encodeLookups(message),
      header: parsed ? undefined : header,
      instructions: encodeInstructions(message.instructions, executed.accountKeys, parsed),
      recentBlockhash: message.recentBlockhash,
    },
    signatures: encodeSignatures(message),
  };
}

/** The count before the signatures takes one byte: more than 127 of them do not fit a packet. */
function encodeSignatures({ wire, requiredSignatures }: ParsedTransaction): Json {
  return Array.from({ length: requiredSignatures }, (_, index) =>
    toBase58(wire.subarray(1 + index * SIGNATURE_BYTES, 1 + (index + 1) * SIGNATURE_BYTES)),
  );
}

function encodeLookups(message: ParsedTransaction): Json {
  return message.lookups.map((lookup) => ({
    accountKey: toBase58(lookup.table),
    readonlyIndexes: [...lookup.readonlyIndexes],
    writableIndexes: [...lookup.writableIndexes],
  }));
}

function encodeParsedKeys(executed: ExecutedTransaction, message: ParsedTransaction): Json {
  const staticCount = message.staticKeys.length;
  const writableSigned = message.requiredSignatures - message.readonlySigned;
  const writableUnsignedEnd = staticCount - message.readonlyUnsigned;
  const writableLookupEnd = staticCount + executed.loadedWritable.length;
  return executed.accountKeys.map((pubkey, index) => ({
    pubkey,
    signer: index < message.requiredSignatures,
    source: index < staticCount ? 'transaction' : 'lookupTable',
    writable:
      index < writableSigned ||
      (index >= message.requiredSignatures && index < writableUnsignedEnd) ||
      (index >= staticCount && index < writableLookupEnd),
  }));
}

function encodeMeta(executed: ExecutedTransaction, encoding: TransactionEncoding): Json {
  const parsed = encoding === 'jsonParsed';
  return {
    computeUnitsConsumed: executed.computeUnitsConsumed,
    err: asJson(executed.err),
    fee: executed.fee,
    innerInstructions: encodeInnerInstructions(executed.innerInstructions, executed.accountKeys, parsed),
    loadedAddresses: parsed
      ? undefined
      : { readonly: executed.loadedReadonly, writable: executed.loadedWritable },
    logMessages: executed.logMessages,
    postBalances: executed.postBalances,
    postTokenBalances: encodeTokenBalances(executed.postTokenBalances),
    preBalances: executed.preBalances,
    preTokenBalances: encodeTokenBalances(executed.preTokenBalances),
    returnData: encodeReturnData(executed.returnData) ?? undefined,
    rewards: [],
    status: encodeStatus(executed),
  };
}

function encodeStatus(executed: ExecutedTransaction): Json {
  return executed.err === null ? { Ok: null } : { Err: asJson(executed.err) };
}

/** Null when the program gave none. */
export function encodeReturnData(returnData: ExecutedTransaction['returnData']): Json {
  if (returnData === undefined) return null;
  return { data: [toBase64(returnData.data), 'base64'], programId: returnData.programId };
}

function encodeTokenBalances(balances: readonly TokenBalanceInfo[]): Json {
  return balances.map((balance) => ({
    accountIndex: balance.accountIndex,
    mint: balance.mint,
    owner: balance.owner,
    programId: balance.programId,
    uiTokenAmount: uiTokenAmount(balance.amount, balance.decimals),
  }));
}

/** Transaction errors are JSON by their contract, which types them as unknown members. */
export function asJson(err: ExecutedTransaction['err']): Json {
  return err as Json;
}
