/** Executes transactions into the open block and captures everything that a node would tell of them. */

import type { AccountStore } from './account-store.js';
import { encodeAddress } from './address-book.js';
import type { Admitted, BlockContext } from './admission.js';
import { usedUnits } from './cost-model.js';
import type {
  AccountState,
  AccountWrite,
  CompiledInstructionInfo,
  ExecutedTransaction,
  TokenBalanceInfo,
  TransactionErrorJson,
} from './messages.js';
import { advancedNonce } from './nonce.js';
import type { OpenBlock, PendingTransaction } from './open-block.js';
import { FailedTransactionMetadata, type TransactionMetadata } from './runtime.js';
import { hasValidSignatures } from './signatures.js';
import { tokenBalanceOf } from './token-balances.js';
import { transactionErrorFromRuntime } from './transaction-error.js';
import { VOTE_PROGRAM } from './well-known.js';
import type { ParsedTransaction } from './wire.js';

export type ExecutionOutcome =
  | { readonly landed: ExecutedTransaction }
  /** Nothing happened and nobody paid. */
  | { readonly rejected: TransactionErrorJson };

/** What the runtime did, whether it ran the instructions or not. */
export interface Run {
  readonly err: TransactionErrorJson | null;
  readonly logMessages: readonly string[];
  readonly innerInstructions: ExecutedTransaction['innerInstructions'];
  readonly computeUnitsConsumed: bigint;
  readonly returnData: ExecutedTransaction['returnData'];
}

/** Errors of loading: the fee is kept although nothing ran. Others that cost nothing are refusals. */
const FEE_ONLY_ERRORS: ReadonlySet<unknown> = new Set([
  'ProgramAccountNotFound',
  'InvalidProgramForExecution',
  'MaxLoadedAccountsDataSizeExceeded',
]);

/** Counts writes over the whole life of a ledger. */
export interface WriteVersions {
  next(): bigint;
}

/** A place in the chain with a block to fill. */
export type LeaderContext = BlockContext & { readonly open: OpenBlock };

/** What the runtime counts for each account beside its data. */
const ACCOUNT_OVERHEAD_BYTES = 64;

/**
 * Executes into the open block what was admitted to it.
 * @throws Error only for faults of the runtime itself.
 */
export function executeTransaction(
  pending: PendingTransaction,
  admitted: Admitted,
  context: LeaderContext,
  versions: WriteVersions,
  executedAtMs: number,
): ExecutionOutcome {
  const tx = pending.parsed;
  const { store, open } = context;
  const { accounts } = admitted;
  const before = accounts.addresses.map((address, index) => store.get(address, accounts.keys[index]));
  const ran = run(tx, admitted, store);
  if (ran.err !== null && !takeFee(ran.err, admitted, before[0]!, context)) return { rejected: ran.err };

  const after = ran.err === null ? refreshWritable(admitted, before, store, open) : [...before];
  if (ran.err !== null) after[0] = store.get(accounts.addresses[0]!, accounts.keys[0]);
  if (admitted.nonce !== null) advanceNonce(admitted, context, after);
  open.add(pending);
  const consumed = Number(ran.computeUnitsConsumed);
  open.costs.add(usedUnits(pending.cost, consumed, loadedBytes(before)), writtenBy(admitted));
  const index = open.transactions.length - 1;
  const writes = writesOf(admitted, ran.err === null, after, versions);
  return {
    landed: {
      signature: tx.signature,
      slot: open.slot,
      index,
      wire: tx.wire,
      isVote: isSimpleVote(tx),
      err: ran.err,
      fee: admitted.budget.fee,
      computeUnitsConsumed: ran.computeUnitsConsumed,
      logMessages: ran.logMessages,
      innerInstructions: ran.innerInstructions,
      accountKeys: accounts.addresses,
      loadedWritable: accounts.loadedWritable,
      loadedReadonly: accounts.loadedReadonly,
      preBalances: before.map(lamportsOf),
      postBalances: after.map(lamportsOf),
      ...tokenBalances(before, after, store),
      ...(ran.returnData === undefined ? {} : { returnData: ran.returnData }),
      writes,
      executedAtMs,
      external: pending.external,
    },
  };
}

/** Every account that the transaction locks for writing. */
export function writtenBy({ accounts }: Admitted): string[] {
  return accounts.addresses.filter((_, index) => accounts.writable[index] === true);
}

function loadedBytes(accounts: readonly (AccountState | null)[]): number {
  return accounts.reduce((sum, account) => sum + ACCOUNT_OVERHEAD_BYTES + (account?.data.length ?? 0), 0);
}

/** What a failed run says, without the accounts. */
export function summarizeFailure(result: FailedTransactionMetadata): Run {
  return summarizeMeta(result.meta(), transactionErrorFromRuntime(result.err()));
}

export function summarizeMeta(meta: TransactionMetadata, err: TransactionErrorJson | null): Run {
  const returned = meta.returnData();
  const data = returned.data();
  return {
    err,
    logMessages: meta.logs(),
    innerInstructions: innerInstructionsOf(meta.innerInstructions()),
    computeUnitsConsumed: meta.computeUnitsConsumed(),
    returnData: data.length > 0 ? { programId: encodeAddress(returned.programId()), data } : undefined,
  };
}

/** Runs it, unless it was found before that its programs cannot be loaded. */
function run(tx: ParsedTransaction, { loadError }: Admitted, store: AccountStore): Run {
  if (loadError !== null) return notRun(hasValidSignatures(tx) ? loadError : 'SignatureFailure');
  const result = store.runtime.execute(tx.wire);
  if (result === null) return notRun('SanitizeFailure');
  return result instanceof FailedTransactionMetadata ? summarizeFailure(result) : summarizeMeta(result, null);
}

export function notRun(err: TransactionErrorJson): Run {
  return { err, logMessages: [], innerInstructions: [], computeUnitsConsumed: 0n, returnData: undefined };
}

function innerInstructionsOf(
  lists: ReturnType<TransactionMetadata['innerInstructions']>,
): ExecutedTransaction['innerInstructions'] {
  const result: { index: number; instructions: CompiledInstructionInfo[] }[] = [];
  for (const [index, list] of lists.entries()) {
    if (list.length === 0) continue;
    const instructions = list.map((inner) => {
      const instruction = inner.instruction();
      return {
        programIdIndex: instruction.programIdIndex(),
        accounts: instruction.accounts(),
        data: instruction.data(),
        stackHeight: inner.stackHeight(),
      };
    });
    result.push({ index, instructions });
  }
  return result;
}

/** After a failure: whether the payer was, or by a cluster's rules has to be, charged. False: it is a refusal. */
function takeFee(
  err: TransactionErrorJson,
  { accounts, budget, loadError }: Admitted,
  payerBefore: AccountState,
  { store, open }: LeaderContext,
): boolean {
  const payer = accounts.addresses[0]!;
  if (loadError === null) {
    const now = store.refresh(payer, accounts.keys[0]!, open.undo);
    if (now.lamports !== payerBefore.lamports) return true;
  }
  if (!FEE_ONLY_ERRORS.has(err)) return false;
  store.write(payer, { ...payerBefore, lamports: payerBefore.lamports - budget.fee }, open.undo);
  return true;
}

function refreshWritable(
  { accounts }: Admitted,
  before: readonly (AccountState | null)[],
  store: AccountStore,
  open: OpenBlock,
): (AccountState | null)[] {
  return before.map((state, index) =>
    accounts.writable[index] === true
      ? store.refresh(accounts.addresses[index]!, accounts.keys[index]!, open.undo)
      : state,
  );
}

/**
 * The runtime derives the next nonce from the transaction's own hash and undoes it on failure; a cluster derives
 * it from the parent block's and keeps it either way.
 */
function advanceNonce(admitted: Admitted, context: LeaderContext, after: (AccountState | null)[]): void {
  const { address, key } = admitted.nonce!;
  const account = context.store.get(address, key);
  if (account === null || account.data.length === 0) return;
  const advanced = advancedNonce(account, context.chain.bytesOf(context.parent));
  context.store.write(address, advanced, context.open.undo);
  after[admitted.accounts.addresses.indexOf(address)] = advanced;
}

function writesOf(
  { accounts, nonce }: Admitted,
  succeeded: boolean,
  after: readonly (AccountState | null)[],
  versions: WriteVersions,
): AccountWrite[] {
  const writes: AccountWrite[] = [];
  for (const [index, address] of accounts.addresses.entries()) {
    const written = succeeded ? accounts.writable[index] === true : index === 0 || address === nonce?.address;
    if (written) writes.push({ address, account: after[index]!, writeVersion: versions.next() });
  }
  return writes;
}

function tokenBalances(
  before: readonly (AccountState | null)[],
  after: readonly (AccountState | null)[],
  store: AccountStore,
): { preTokenBalances: TokenBalanceInfo[]; postTokenBalances: TokenBalanceInfo[] } {
  const list = (states: readonly (AccountState | null)[]) =>
    states.map((state, index) => tokenBalanceOf(state, index, store)).filter((balance) => balance !== null);
  return { preTokenBalances: list(before), postTokenBalances: list(after) };
}

function lamportsOf(account: AccountState | null): bigint {
  return account?.lamports ?? 0n;
}

/** One legacy vote instruction and at most two signatures, as nodes tell votes from the rest. */
function isSimpleVote(tx: ParsedTransaction): boolean {
  const only = tx.instructions[0];
  if (only === undefined || tx.instructions.length !== 1 || tx.version !== 'legacy') return false;
  return tx.requiredSignatures <= 2 && encodeAddress(tx.staticKeys[only.programIdIndex]!) === VOTE_PROGRAM;
}
