/**
 * Transaction errors: from the runtime's objects to the JSON form of RPC nodes, and from there to the bincode
 * bytes that Yellowstone carries in `err`. The variants stand in the order of the SDK's enums, which is what
 * bincode numbers them by.
 */
import {
  type FailedTransactionMetadata,
  InstructionErrorBorshIo,
  InstructionErrorCustom,
  TransactionErrorDuplicateInstruction,
  TransactionErrorInstructionError,
  TransactionErrorInsufficientFundsForRent,
  TransactionErrorProgramExecutionTemporarilyRestricted,
} from 'litesvm/dist/internal.js';
import type { TransactionErrorJson } from './messages.js';

/** `TransactionError` in bincode's order. */
export const TRANSACTION_ERRORS = [
  'AccountInUse',
  'AccountLoadedTwice',
  'AccountNotFound',
  'ProgramAccountNotFound',
  'InsufficientFundsForFee',
  'InvalidAccountForFee',
  'AlreadyProcessed',
  'BlockhashNotFound',
  'InstructionError',
  'CallChainTooDeep',
  'MissingSignatureForFee',
  'InvalidAccountIndex',
  'SignatureFailure',
  'InvalidProgramForExecution',
  'SanitizeFailure',
  'ClusterMaintenance',
  'AccountBorrowOutstanding',
  'WouldExceedMaxBlockCostLimit',
  'UnsupportedVersion',
  'InvalidWritableAccount',
  'WouldExceedMaxAccountCostLimit',
  'WouldExceedAccountDataBlockLimit',
  'TooManyAccountLocks',
  'AddressLookupTableNotFound',
  'InvalidAddressLookupTableOwner',
  'InvalidAddressLookupTableData',
  'InvalidAddressLookupTableIndex',
  'InvalidRentPayingAccount',
  'WouldExceedMaxVoteCostLimit',
  'WouldExceedAccountDataTotalLimit',
  'DuplicateInstruction',
  'InsufficientFundsForRent',
  'MaxLoadedAccountsDataSizeExceeded',
  'InvalidLoadedAccountsDataSizeLimit',
  'ResanitizationNeeded',
  'ProgramExecutionTemporarilyRestricted',
  'UnbalancedTransaction',
  'ProgramCacheHitMaxLimit',
  'CommitCancelled',
] as const;

/** `InstructionError` in bincode's order. */
export const INSTRUCTION_ERRORS = [
  'GenericError',
  'InvalidArgument',
  'InvalidInstructionData',
  'InvalidAccountData',
  'AccountDataTooSmall',
  'InsufficientFunds',
  'IncorrectProgramId',
  'MissingRequiredSignature',
  'AccountAlreadyInitialized',
  'UninitializedAccount',
  'UnbalancedInstruction',
  'ModifiedProgramId',
  'ExternalAccountLamportSpend',
  'ExternalAccountDataModified',
  'ReadonlyLamportChange',
  'ReadonlyDataModified',
  'DuplicateAccountIndex',
  'ExecutableModified',
  'RentEpochModified',
  'NotEnoughAccountKeys',
  'AccountDataSizeChanged',
  'AccountNotExecutable',
  'AccountBorrowFailed',
  'AccountBorrowOutstanding',
  'DuplicateAccountOutOfSync',
  'Custom',
  'InvalidError',
  'ExecutableDataModified',
  'ExecutableLamportChange',
  'ExecutableAccountNotRentExempt',
  'UnsupportedProgramId',
  'CallDepth',
  'MissingAccount',
  'ReentrancyNotAllowed',
  'MaxSeedLengthExceeded',
  'InvalidSeeds',
  'InvalidRealloc',
  'ComputationalBudgetExceeded',
  'PrivilegeEscalation',
  'ProgramEnvironmentSetupFailure',
  'ProgramFailedToComplete',
  'ProgramFailedToCompile',
  'Immutable',
  'IncorrectAuthority',
  'BorshIoError',
  'AccountNotRentExempt',
  'InvalidAccountOwner',
  'ArithmeticOverflow',
  'UnsupportedSysvar',
  'IllegalOwner',
  'MaxAccountsDataAllocationsExceeded',
  'MaxAccountsExceeded',
  'MaxInstructionTraceLengthExceeded',
  'BuiltinProgramsMustConsumeComputeUnits',
] as const;

/** Variants that carry one byte, and under which name the JSON form has it (none: the bare number). */
const BYTE_VARIANTS: ReadonlyMap<string, string | null> = new Map([
  ['DuplicateInstruction', null],
  ['InsufficientFundsForRent', 'account_index'],
  ['ProgramExecutionTemporarilyRestricted', 'account_index'],
]);

/** The binding numbers the variants without data only, in an order of its own at the end of the list. */
const RUNTIME_TRANSACTION_ERRORS: readonly string[] = [
  ...TRANSACTION_ERRORS.slice(0, 32).filter(
    (name) => name !== 'InstructionError' && !BYTE_VARIANTS.has(name),
  ),
  'MaxLoadedAccountsDataSizeExceeded',
  'ResanitizationNeeded',
  'InvalidLoadedAccountsDataSizeLimit',
  'UnbalancedTransaction',
  'ProgramCacheHitMaxLimit',
  'CommitCancelled',
];

const RUNTIME_INSTRUCTION_ERRORS: readonly string[] = [
  ...INSTRUCTION_ERRORS.filter((name) => name !== 'Custom' && name !== 'BorshIoError'),
  'BorshIoError',
];

/** The JSON form of an error as LiteSVM gives it. Throws if the binding reports one that this table lacks. */
export function transactionErrorFromRuntime(
  error: ReturnType<FailedTransactionMetadata['err']>,
): TransactionErrorJson {
  if (error instanceof TransactionErrorInstructionError) {
    return { InstructionError: [error.index, instructionErrorFromRuntime(error.err())] };
  }
  if (error instanceof TransactionErrorDuplicateInstruction) return { DuplicateInstruction: error.index };
  if (error instanceof TransactionErrorInsufficientFundsForRent) {
    return { InsufficientFundsForRent: { account_index: error.accountIndex } };
  }
  if (error instanceof TransactionErrorProgramExecutionTemporarilyRestricted) {
    return { ProgramExecutionTemporarilyRestricted: { account_index: error.accountIndex } };
  }
  const name = RUNTIME_TRANSACTION_ERRORS[error];
  if (name === undefined) throw new Error(`The runtime reported the unknown transaction error ${error}`);
  return name;
}

function instructionErrorFromRuntime(
  error: ReturnType<TransactionErrorInstructionError['err']>,
): string | { readonly Custom: number } {
  if (error instanceof InstructionErrorCustom) return { Custom: error.code };
  if (error instanceof InstructionErrorBorshIo) return 'BorshIoError';
  const name = RUNTIME_INSTRUCTION_ERRORS[error];
  if (name === undefined) throw new Error(`The runtime reported the unknown instruction error ${error}`);
  return name;
}

/** Bincode of the SDK's `TransactionError`, which is what Yellowstone's `TransactionError.err` holds. */
export function encodeTransactionError(error: TransactionErrorJson): Uint8Array {
  if (typeof error === 'string') return u32(indexOf(TRANSACTION_ERRORS, error));
  const entry = Object.entries(error)[0];
  if (entry === undefined) throw new RangeError('An error object without a variant');
  const [name, value] = entry;
  const variant = u32(indexOf(TRANSACTION_ERRORS, name));
  if (name === 'InstructionError') {
    const [index, inner] = value as readonly [number, string | { readonly Custom: number }];
    return Buffer.concat([variant, Buffer.from([index]), encodeInstructionError(inner)]);
  }
  const field = BYTE_VARIANTS.get(name);
  if (field === undefined) throw new Error(`The variant ${name} carries no data`);
  const byte = field === null ? value : (value as Readonly<Record<string, unknown>>)[field];
  return Buffer.concat([variant, Buffer.from([Number(byte)])]);
}

function encodeInstructionError(error: string | { readonly Custom: number }): Uint8Array {
  if (typeof error === 'string') return u32(indexOf(INSTRUCTION_ERRORS, error));
  return Buffer.concat([u32(indexOf(INSTRUCTION_ERRORS, 'Custom')), u32(error.Custom)]);
}

function indexOf(names: readonly string[], name: string): number {
  const index = names.indexOf(name);
  if (index < 0) throw new RangeError(`No error of the runtime is called ${name}`);
  return index;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
