import type { TransactionErrorJson } from '../engine/messages.js';

/** Variants of Solana's `TransactionError` in the order of their bincode numbers. */
export const TRANSACTION_ERRORS: readonly string[] = (
  'AccountInUse AccountLoadedTwice AccountNotFound ProgramAccountNotFound InsufficientFundsForFee ' +
  'InvalidAccountForFee AlreadyProcessed BlockhashNotFound InstructionError CallChainTooDeep ' +
  'MissingSignatureForFee InvalidAccountIndex SignatureFailure InvalidProgramForExecution SanitizeFailure ' +
  'ClusterMaintenance AccountBorrowOutstanding WouldExceedMaxBlockCostLimit UnsupportedVersion ' +
  'InvalidWritableAccount WouldExceedMaxAccountCostLimit WouldExceedAccountDataBlockLimit TooManyAccountLocks ' +
  'AddressLookupTableNotFound InvalidAddressLookupTableOwner InvalidAddressLookupTableData ' +
  'InvalidAddressLookupTableIndex InvalidRentPayingAccount WouldExceedMaxVoteCostLimit ' +
  'WouldExceedAccountDataTotalLimit DuplicateInstruction InsufficientFundsForRent ' +
  'MaxLoadedAccountsDataSizeExceeded InvalidLoadedAccountsDataSizeLimit ResanitizationNeeded ' +
  'ProgramExecutionTemporarilyRestricted UnbalancedTransaction ProgramCacheHitMaxLimit CommitCancelled'
).split(' ');

/** Variants of `InstructionError`, likewise. */
export const INSTRUCTION_ERRORS: readonly string[] = (
  'GenericError InvalidArgument InvalidInstructionData InvalidAccountData AccountDataTooSmall InsufficientFunds ' +
  'IncorrectProgramId MissingRequiredSignature AccountAlreadyInitialized UninitializedAccount ' +
  'UnbalancedInstruction ModifiedProgramId ExternalAccountLamportSpend ExternalAccountDataModified ' +
  'ReadonlyLamportChange ReadonlyDataModified DuplicateAccountIndex ExecutableModified RentEpochModified ' +
  'NotEnoughAccountKeys AccountDataSizeChanged AccountNotExecutable AccountBorrowFailed ' +
  'AccountBorrowOutstanding DuplicateAccountOutOfSync Custom InvalidError ExecutableDataModified ' +
  'ExecutableLamportChange ExecutableAccountNotRentExempt UnsupportedProgramId CallDepth MissingAccount ' +
  'ReentrancyNotAllowed MaxSeedLengthExceeded InvalidSeeds InvalidRealloc ComputationalBudgetExceeded ' +
  'PrivilegeEscalation ProgramEnvironmentSetupFailure ProgramFailedToComplete ProgramFailedToCompile Immutable ' +
  'IncorrectAuthority BorshIoError AccountNotRentExempt InvalidAccountOwner ArithmeticOverflow ' +
  'UnsupportedSysvar IllegalOwner MaxAccountsDataAllocationsExceeded MaxAccountsExceeded ' +
  'MaxInstructionTraceLengthExceeded BuiltinProgramsMustConsumeComputeUnits'
).split(' ');

/**
 * The bincode of a transaction error, as `TransactionError.err` carries it: variant numbers as u32 little-endian,
 * instruction and account indices as one byte. Throws `RangeError` on a name that Solana does not have.
 */
export function encodeTransactionError(error: TransactionErrorJson): Uint8Array {
  if (typeof error === 'string') return u32(variant(TRANSACTION_ERRORS, error));
  const [name, value] = onlyEntry(error);
  const head = u32(variant(TRANSACTION_ERRORS, name));
  if (name === 'InstructionError') {
    const [index, cause] = value as [number, TransactionErrorJson];
    return Buffer.concat([head, Buffer.from([index]), encodeInstructionError(cause)]);
  }
  if (name === 'DuplicateInstruction') return Buffer.concat([head, Buffer.from([Number(value)])]);
  if (name === 'InsufficientFundsForRent' || name === 'ProgramExecutionTemporarilyRestricted') {
    const { account_index: index } = value as { account_index: number };
    return Buffer.concat([head, Buffer.from([index])]);
  }
  return head;
}

function encodeInstructionError(cause: TransactionErrorJson): Uint8Array {
  if (typeof cause === 'string') return u32(variant(INSTRUCTION_ERRORS, cause));
  const [name, value] = onlyEntry(cause);
  const head = u32(variant(INSTRUCTION_ERRORS, name));
  return name === 'Custom' ? Buffer.concat([head, u32(Number(value))]) : head;
}

function onlyEntry(error: Readonly<Record<string, unknown>>): [string, unknown] {
  const entry = Object.entries(error)[0];
  if (entry === undefined) throw new RangeError('a transaction error without a variant');
  return entry;
}

function variant(names: readonly string[], name: string): number {
  const index = names.indexOf(name);
  if (index < 0) throw new RangeError(`${name} is not a transaction error`);
  return index;
}

function u32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}
