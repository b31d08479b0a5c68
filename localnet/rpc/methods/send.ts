/** sendTransaction and requestAirdrop. Without preflight everything is synchronous: load tests push thousands a second. */
import type { Commitment } from '../../engine/messages.js';
import type { ParsedTransaction } from '../../engine/wire.js';
import { WireError } from '../../engine/wire-error.js';
import { checkLookups } from '../check-lookups.js';
import type { Call, Method, RpcContext } from '../context.js';
import { viewAt } from '../context.js';
import { checkHash, checkPubkey } from '../encode/base.js';
import { decodeWire, explainWireError, parseWire, readBinaryEncoding } from '../encode/decode-transaction.js';
import { describeTransactionError } from '../encode/transaction-error.js';
import { internalError, preflightFailure, RpcError } from '../errors.js';
import {
  readArguments,
  readCommitment,
  readConfig,
  readOptionalBoolean,
  readOptionalString,
  readOptionalU64,
  readString,
  readU64,
} from '../params.js';
import { fault } from '../transport-fault.js';
import { checkHealth } from './cluster.js';
import { encodeSimulation, simulate } from './simulate.js';

type SendFate = ReturnType<NonNullable<RpcContext['chaos']>['sendFate']>;

const SIGNATURE_BYTES = 64;
const VERSION_FLAG = 0x80;
const UNTOUCHED: SendFate = { kind: 'pass', delayMs: 0, copies: 1 };

const sendTransaction: Method = (params, context, call) => {
  const fate = context.chaos?.sendFate() ?? UNTOUCHED;
  if (fate.kind === 'pass' || fate.kind === 'drop') return take(params, context, call, fate);
  noteTurnedAway(params, context, call);
  if (fate.copies === 0) return turnAway(fate.kind, context);
  return takeUnanswered(params, context, call, fate).then(() => turnAway(fate.kind, context));
};

function turnAway(kind: SendFate['kind'], context: RpcContext): Promise<never> {
  if (kind === 'http429') throw fault(429);
  if (kind === 'http500') throw fault(500);
  return hang(context.chaos?.settings.sendTimeoutMs ?? 0);
}

function take(params: unknown, context: RpcContext, call: Call, fate: SendFate): string | Promise<string> {
  const [text, config] = readArguments(params, 1, 2);
  const data = readString(text);
  const options = readConfig(config, 'RpcSendTransactionConfig');
  const skipPreflight = readOptionalBoolean(options.skipPreflight) ?? false;
  const preflightCommitment = readCommitment(options.preflightCommitment);
  readOptionalU64(options.maxRetries);
  const wire = decodeWire(data, readBinaryEncoding(options.encoding));
  const commitment = skipPreflight ? 'processed' : (preflightCommitment ?? 'finalized');
  viewAt(context.ledger, commitment, readOptionalU64(options.minContextSlot));
  if (skipPreflight) {
    if (isVersioned(wire)) checkLookups(context.ledger, parseWire(wire), commitment);
    return submit(context, call, wire, fate);
  }
  const transaction = parseWire(wire);
  checkLookups(context.ledger, transaction, commitment);
  return preflight(context, transaction, commitment).then(() => submit(context, call, wire, fate));
}

/** Whether there can be lookups; parsing to find out costs as much as all the rest of a send. */
function isVersioned(wire: Uint8Array): boolean {
  const messageAt = 1 + (wire[0] ?? 0) * SIGNATURE_BYTES;
  return ((wire[messageAt] ?? 0) & VERSION_FLAG) !== 0;
}

/** The node does its part; that nobody hears of it is the fault. */
async function takeUnanswered(
  params: unknown,
  context: RpcContext,
  call: Call,
  fate: SendFate,
): Promise<void> {
  try {
    // Noted already, where its request was read.
    await take(params, { ...context, onSendReceived: undefined }, call, fate);
  } catch (error) {
    // A refusal is lost like any other answer.
    if (!(error instanceof RpcError)) throw error;
  }
}

/** What chaos turns away has arrived all the same: the record of what clients sent has it too. */
function noteTurnedAway(params: unknown, context: RpcContext, call: Call): void {
  try {
    const [text, config] = readArguments(params, 1, 2);
    const options = readConfig(config, 'RpcSendTransactionConfig');
    const wire = decodeWire(readString(text), readBinaryEncoding(options.encoding));
    context.onSendReceived?.(parseWire(wire).signature, call.receivedAtMs);
  } catch (error) {
    // Bytes that are no transaction have no signature to note.
    if (!(error instanceof RpcError)) throw error;
  }
}

/** Gives the bytes to the engine as often as fate says, and answers the signature. */
function submit(context: RpcContext, call: Call, wire: Uint8Array, fate: SendFate): string {
  // The engine takes a delay in place of the network's own.
  const delayMs = fate.delayMs === 0 ? undefined : context.engine.conditions().leaderDelayMs + fate.delayMs;
  const options = delayMs === undefined ? { external: true } : { external: true, delayMs };
  let signature = '';
  // A dropped send is read all the same: bytes that are no transaction are refused by every node.
  if (fate.copies === 0) signature = parseWire(wire).signature;
  for (let copy = 0; copy < fate.copies; copy++) signature = submitOnce(context, wire, options);
  context.onSendReceived?.(signature, call.receivedAtMs);
  context.onSignatureReceived(signature);
  return signature;
}

function submitOnce(
  context: RpcContext,
  wire: Uint8Array,
  options: { readonly external: boolean; readonly delayMs?: number },
): string {
  try {
    return context.engine.submit(wire, options).signature;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    // A real node forwards a transaction with a false signature unread; the leader drops it in silence.
    if (error.reason === 'signature') return parseWire(wire).signature;
    throw explainWireError(error);
  }
}

/** Rejects with -32002, -32003 or -32005 where a real node would not send. */
async function preflight(
  context: RpcContext,
  transaction: ParsedTransaction,
  commitment: Commitment,
): Promise<void> {
  const result = await simulate(context, {
    transaction,
    commitment,
    sigVerify: true,
    replaceRecentBlockhash: false,
    accounts: [],
  });
  checkHealth(context);
  const seen = context.ledger.signatureStatus(transaction.signature, false) !== undefined;
  const duplicate = seen && result.err !== 'BlockhashNotFound';
  const err = duplicate ? 'AlreadyProcessed' : result.err;
  if (err === null) return;
  const shown = duplicate ? { ...result, logs: [], unitsConsumed: 0n } : result;
  throw preflightFailure(
    `Transaction simulation failed: ${describeTransactionError(err)}`,
    encodeSimulation(shown, err),
  );
}

/** A node that takes the request and never answers: the connection is closed after that time. */
function hang(timeoutMs: number): Promise<never> {
  return new Promise((_resolve, reject) => {
    setTimeout(() => reject(fault('close')), timeoutMs).unref();
  });
}

const requestAirdrop: Method = async (params, context) => {
  const [text, amount, config] = readArguments(params, 2, 3);
  const address = checkPubkey(readString(text));
  const lamports = readU64(amount);
  const options = readConfig(config, 'RpcRequestAirdropConfig');
  readCommitment(options.commitment);
  const blockhash = readOptionalString(options.recentBlockhash);
  if (blockhash !== undefined) checkHash(blockhash);
  try {
    return await context.engine.airdrop(address, BigInt(lamports));
  } catch (error) {
    if (error instanceof Error) throw internalError();
    throw error;
  }
};

export const sendMethods: Readonly<Record<string, Method>> = { sendTransaction, requestAirdrop };
