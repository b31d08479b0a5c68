/** simulateTransaction, and the simulation that sendTransaction makes before it sends. */
import type { Commitment, SimulationResult, TransactionErrorJson } from '../../engine/messages.js';
import { SYSTEM_PROGRAM } from '../../engine/well-known.js';
import type { ParsedTransaction } from '../../engine/wire.js';
import { WireError } from '../../engine/wire-error.js';
import type { Ledger } from '../../ledger/types.js';
import { checkLookups } from '../check-lookups.js';
import type { Method, RpcContext } from '../context.js';
import { selectView, withContext } from '../context.js';
import { type AccountEncoding, encodeAccount, readAccountFormat } from '../encode/account.js';
import { checkPubkey, toBase58 } from '../encode/base.js';
import { decodeWire, explainWireError, parseWire, readBinaryEncoding } from '../encode/decode-transaction.js';
import { encodeInnerInstructions } from '../encode/instruction.js';
import type { Json } from '../encode/json.js';
import { asJson, encodeReturnData } from '../encode/transaction.js';
import { invalidParams } from '../errors.js';
import { readArguments, readConfig, readOptionalBoolean, readString, readStrings } from '../params.js';
import { existingAccount, mintDecimals } from './accounts.js';

const ADVANCE_NONCE_ACCOUNT = 4;
/** A lookup table's account: 56 bytes of state, then its addresses. */
const LOOKUP_TABLE_META_BYTES = 56;
const ADDRESS_BYTES = 32;

/** What the simulation says without being run: the hash is not known to that view. */
const UNKNOWN_BLOCKHASH: SimulationResult = {
  err: 'BlockhashNotFound',
  logs: [],
  unitsConsumed: 0n,
  fee: 0n,
  accounts: [],
  innerInstructions: [],
  slot: 0,
};

/** A transaction whose first instruction advances a nonce lives by that nonce, not by a recent blockhash. */
function usesDurableNonce({ instructions, staticKeys }: ParsedTransaction): boolean {
  const [first] = instructions;
  const program = first === undefined ? undefined : staticKeys[first.programIdIndex];
  if (first === undefined || program === undefined || first.data.length < 4) return false;
  const isAdvance =
    first.data[0] === ADVANCE_NONCE_ACCOUNT && first.data.subarray(1, 4).every((b) => b === 0);
  return isAdvance && toBase58(program) === SYSTEM_PROGRAM;
}

/** The blockhash check of the view at that commitment; the engine itself only knows the head. */
function knowsBlockhash(ledger: Ledger, message: ParsedTransaction, commitment: Commitment): boolean {
  return usesDurableNonce(message) || ledger.isBlockhashValid(message.recentBlockhash, commitment);
}

export interface Simulation {
  readonly transaction: ParsedTransaction;
  readonly commitment: Commitment;
  readonly sigVerify: boolean;
  readonly replaceRecentBlockhash: boolean;
  readonly accounts: readonly string[];
}

/** Rejects with the RPC error for bytes that cannot be executed at all. */
export async function simulate(context: RpcContext, simulation: Simulation): Promise<SimulationResult> {
  const { transaction, commitment, sigVerify, replaceRecentBlockhash, accounts } = simulation;
  const known = replaceRecentBlockhash || knowsBlockhash(context.ledger, transaction, commitment);
  if (!known && !sigVerify) return UNKNOWN_BLOCKHASH;
  try {
    const result = await context.engine.simulate({
      wire: transaction.wire,
      sigVerify,
      replaceRecentBlockhash,
      accounts,
    });
    return known ? result : UNKNOWN_BLOCKHASH;
  } catch (error) {
    throw error instanceof WireError ? explainWireError(error) : error;
  }
}

/** The members that simulateTransaction and a failed preflight have in common. */
export function encodeSimulation(
  result: SimulationResult,
  err: TransactionErrorJson | null,
  more: { readonly accounts?: Json; readonly innerInstructions?: Json } = {},
): Json {
  return {
    accounts: more.accounts ?? null,
    err: asJson(err),
    fee: result.fee,
    innerInstructions: more.innerInstructions ?? null,
    logs: result.logs,
    replacementBlockhash:
      result.replacementBlockhash === undefined ? null : { ...result.replacementBlockhash },
    returnData: encodeReturnData(result.returnData),
    unitsConsumed: result.unitsConsumed,
  };
}

const simulateTransaction: Method = async (params, context) => {
  const [text, config] = readArguments(params, 1, 2);
  const data = readString(text);
  const options = readConfig(config, 'RpcSimulateTransactionConfig');
  const sigVerify = readOptionalBoolean(options.sigVerify) ?? false;
  const replaceRecentBlockhash = readOptionalBoolean(options.replaceRecentBlockhash) ?? false;
  const transaction = parseWire(decodeWire(data, readBinaryEncoding(options.encoding)));
  const { ledger } = context;
  const view = selectView(ledger, options);
  if (sigVerify && replaceRecentBlockhash) {
    throw invalidParams('sigVerify may not be used with replaceRecentBlockhash');
  }
  checkLookups(ledger, transaction, view.commitment);
  const wanted = readWantedAccounts(options.accounts, transaction);
  const accounts = wanted?.addresses ?? [];
  const commitment = view.commitment;
  const result = await simulate(context, {
    transaction,
    commitment,
    sigVerify,
    replaceRecentBlockhash,
    accounts,
  });
  return withContext(
    view.slot,
    encodeSimulation(result, result.err, {
      ...(wanted === undefined ? {} : { accounts: encodeAccounts(ledger, commitment, wanted, result) }),
      ...(readOptionalBoolean(options.innerInstructions) === true
        ? { innerInstructions: encodeInner(ledger, view.commitment, transaction, result) }
        : {}),
    }),
  );
};

/** In the parsed form, which names accounts: those of lookup tables are read from the ledger. */
function encodeInner(
  ledger: Ledger,
  commitment: Commitment,
  { staticKeys, lookups }: ParsedTransaction,
  { innerInstructions }: SimulationResult,
): Json {
  const read = (which: 'writableIndexes' | 'readonlyIndexes') =>
    lookups.flatMap((lookup) => {
      const table = existingAccount(ledger, toBase58(lookup.table), commitment)?.data ?? new Uint8Array(0);
      return Array.from(lookup[which], (index) => {
        const offset = LOOKUP_TABLE_META_BYTES + index * ADDRESS_BYTES;
        return toBase58(table.subarray(offset, offset + ADDRESS_BYTES));
      });
    });
  const keys = [...staticKeys.map(toBase58), ...read('writableIndexes'), ...read('readonlyIndexes')];
  return encodeInnerInstructions(innerInstructions, keys, true);
}

interface WantedAccounts {
  readonly addresses: readonly string[];
  readonly encoding: AccountEncoding;
}

function readWantedAccounts(value: unknown, message: ParsedTransaction): WantedAccounts | undefined {
  if (value === undefined || value === null) return undefined;
  const options = readConfig(value, 'RpcSimulateTransactionAccountsConfig');
  const { encoding } = readAccountFormat(options, 'base64');
  if (encoding === 'binary' || encoding === 'base58') throw invalidParams('base58 encoding not supported');
  const addresses = readStrings(options.addresses);
  const lookedUp = message.lookups.reduce(
    (sum, lookup) => sum + lookup.writableIndexes.length + lookup.readonlyIndexes.length,
    0,
  );
  const accountsMax = message.staticKeys.length + lookedUp;
  if (addresses.length > accountsMax) {
    throw invalidParams(`Too many accounts provided; max ${accountsMax}`);
  }
  return { addresses: addresses.map(checkPubkey), encoding };
}

function encodeAccounts(
  ledger: Ledger,
  commitment: Commitment,
  wanted: WantedAccounts,
  result: SimulationResult,
): Json {
  if (result.err !== null) return wanted.addresses.map(() => null);
  const format = { encoding: wanted.encoding, dataSlice: undefined };
  return wanted.addresses.map((address, index) => {
    const account = result.accounts[index] ?? existingAccount(ledger, address, commitment);
    return account === undefined || account.lamports === 0n
      ? null
      : encodeAccount(account, format, mintDecimals(ledger, commitment));
  });
}

export const simulateMethods: Readonly<Record<string, Method>> = { simulateTransaction };
