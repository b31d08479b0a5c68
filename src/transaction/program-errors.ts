/**
 * Names of on-chain errors: from the JSON form of TransactionError (as RPC and the stream stage give it) to
 * `program:Name`, such as `raydium-cpmm:ExceededSlippage`. Sources: each program's error enum.
 */
import { RAYDIUM_CPMM_PROGRAM } from '../market/raydium-cpmm-program.js';
import type { Address } from '../model/brands.js';
import {
  ASSOCIATED_TOKEN_PROGRAM,
  COMPUTE_BUDGET_PROGRAM,
  SYSTEM_PROGRAM,
  TOKEN_2022_PROGRAM,
  TOKEN_PROGRAM,
} from './program-ids.js';

type ErrorNames = { readonly [number: number]: string };

const numbered = (first: number, names: readonly string[]): ErrorNames =>
  Object.fromEntries(names.map((name, index) => [first + index, name]));

/** Anchor reserves 100 to 5999 for its framework; a program's own errors start at 6000. */
const ANCHOR_ERRORS: ErrorNames = {
  100: 'InstructionMissing',
  101: 'InstructionFallbackNotFound',
  102: 'InstructionDidNotDeserialize',
  103: 'InstructionDidNotSerialize',
  ...numbered(2000, [
    'ConstraintMut',
    'ConstraintHasOne',
    'ConstraintSigner',
    'ConstraintRaw',
    'ConstraintOwner',
    'ConstraintRentExempt',
    'ConstraintSeeds',
    'ConstraintExecutable',
    'ConstraintState',
    'ConstraintAssociated',
    'ConstraintAssociatedInit',
    'ConstraintClose',
    'ConstraintAddress',
    'ConstraintZero',
    'ConstraintTokenMint',
    'ConstraintTokenOwner',
    'ConstraintMintMintAuthority',
    'ConstraintMintFreezeAuthority',
    'ConstraintMintDecimals',
    'ConstraintSpace',
    'ConstraintAccountIsNone',
    'ConstraintTokenTokenProgram',
    'ConstraintMintTokenProgram',
    'ConstraintAssociatedTokenTokenProgram',
  ]),
  ...numbered(2500, [
    'RequireViolated',
    'RequireEqViolated',
    'RequireKeysEqViolated',
    'RequireNeqViolated',
    'RequireKeysNeqViolated',
    'RequireGtViolated',
    'RequireGteViolated',
  ]),
  ...numbered(3000, [
    'AccountDiscriminatorAlreadySet',
    'AccountDiscriminatorNotFound',
    'AccountDiscriminatorMismatch',
    'AccountDidNotDeserialize',
    'AccountDidNotSerialize',
    'AccountNotEnoughKeys',
    'AccountNotMutable',
    'AccountOwnedByWrongProgram',
    'InvalidProgramId',
    'InvalidProgramExecutable',
    'AccountNotSigner',
    'AccountNotSystemOwned',
    'AccountNotInitialized',
    'AccountNotProgramData',
    'AccountNotAssociatedTokenAccount',
    'AccountSysvarMismatch',
    'AccountReallocExceedsLimit',
    'AccountDuplicateReallocs',
  ]),
  4100: 'DeclaredProgramIdMismatch',
  5000: 'Deprecated',
};

const RAYDIUM_CPMM_ERRORS: ErrorNames = {
  ...ANCHOR_ERRORS,
  ...numbered(6000, [
    'NotApproved',
    'InvalidOwner',
    'EmptySupply',
    'InvalidInput',
    'IncorrectLpMint',
    'ExceededSlippage',
    'ZeroTradingTokens',
    'NotSupportMint',
    'InvalidVault',
    'InitLpAmountTooLess',
    'TransferFeeCalculateNotMatch',
    'MathOverflow',
    'InsufficientVault',
    'InvalidFeeModel',
  ]),
};

const TOKEN_ERRORS: ErrorNames = numbered(0, [
  'NotRentExempt',
  'InsufficientFunds',
  'InvalidMint',
  'MintMismatch',
  'OwnerMismatch',
  'FixedSupply',
  'AlreadyInUse',
  'InvalidNumberOfProvidedSigners',
  'InvalidNumberOfRequiredSigners',
  'UninitializedState',
  'NativeNotSupported',
  'NonNativeHasBalance',
  'InvalidInstruction',
  'InvalidState',
  'Overflow',
  'AuthorityTypeNotSupported',
  'MintCannotFreeze',
  'AccountFrozen',
  'MintDecimalsMismatch',
  'NonNativeNotSupported',
]);

const SYSTEM_ERRORS: ErrorNames = numbered(0, [
  'AccountAlreadyInUse',
  'ResultWithNegativeLamports',
  'InvalidProgramId',
  'InvalidAccountDataLength',
  'MaxSeedLengthExceeded',
  'AddressWithSeedMismatch',
  'NonceNoRecentBlockhashes',
  'NonceBlockhashNotExpired',
  'NonceUnexpectedBlockhashValue',
]);

interface KnownProgram {
  readonly name: string;
  readonly errors: ErrorNames;
}

const PROGRAMS: ReadonlyMap<Address, KnownProgram> = new Map([
  [RAYDIUM_CPMM_PROGRAM, { name: 'raydium-cpmm', errors: RAYDIUM_CPMM_ERRORS }],
  [TOKEN_PROGRAM, { name: 'spl-token', errors: TOKEN_ERRORS }],
  [TOKEN_2022_PROGRAM, { name: 'spl-token-2022', errors: TOKEN_ERRORS }],
  [SYSTEM_PROGRAM, { name: 'system', errors: SYSTEM_ERRORS }],
  [ASSOCIATED_TOKEN_PROGRAM, { name: 'associated-token', errors: { 0: 'InvalidOwner' } }],
  [COMPUTE_BUDGET_PROGRAM, { name: 'compute-budget', errors: {} }],
]);

/** A custom error's name by program and number; `program:6005` where the number is not known. */
export function programErrorName(program: Address, number: number): string {
  const known = PROGRAMS.get(program);
  return `${known?.name ?? program}:${known?.errors[number] ?? number}`;
}

/**
 * Name of a TransactionError in RPC's JSON form.
 *
 * @param error         a string (`AccountNotFound`) or `{InstructionError: [index, …]}` and the like; null is no error
 * @param programOf     program id of the top-level instruction at an index, where known
 * @param logMessages   the transaction's logs, where there are any: a custom error that a called program raised
 *                      bears the number of that program, and only the logs tell whose it was
 * @returns undefined for no error
 */
export function transactionErrorName(
  error: unknown,
  programOf: (instruction: number) => Address | undefined,
  logMessages: readonly string[] = [],
): string | undefined {
  if (error === null || error === undefined) return undefined;
  if (typeof error === 'string') return error;
  if (typeof error !== 'object') return 'Unknown';
  const [kind, detail] = Object.entries(error)[0] ?? ['Unknown', undefined];
  if (kind !== 'InstructionError' || !Array.isArray(detail)) return kind;
  const [index, reason] = detail as [unknown, unknown];
  const program = typeof index === 'number' ? programOf(index) : undefined;
  const custom = customNumber(reason);
  if (custom === undefined) {
    const name = typeof reason === 'string' ? reason : (Object.keys(Object(reason))[0] ?? 'Unknown');
    return program === undefined ? name : `${PROGRAMS.get(program)?.name ?? program}:${name}`;
  }
  const raiser = innermostFailed(logMessages, custom) ?? program;
  return raiser === undefined ? `Custom:${custom}` : programErrorName(raiser, custom);
}

function customNumber(reason: unknown): number | undefined {
  if (reason === null || typeof reason !== 'object' || !('Custom' in reason)) return undefined;
  return Number(reason.Custom);
}

/** The first program whose failure the logs report with this number: callers repeat their callee's. */
function innermostFailed(logMessages: readonly string[], custom: number): Address | undefined {
  const hex = custom.toString(16);
  for (const line of logMessages) {
    const match = /^Program (\w{32,44}) failed: custom program error: 0x([0-9a-f]+)$/.exec(line);
    if (match?.[2] === hex) return match[1] as Address;
  }
  return undefined;
}
