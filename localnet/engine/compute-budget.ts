/** Compute budget instructions and the fee that follows from them. */
import { encodeAddress } from './address-book.js';
import type { TransactionErrorJson } from './messages.js';
import {
  BPF_LOADER,
  BPF_LOADER_DEPRECATED,
  BPF_LOADER_UPGRADEABLE,
  COMPUTE_BUDGET_PROGRAM,
  ED25519_PROGRAM,
  LOADER_V4,
  SECP256K1_PROGRAM,
  SECP256R1_PROGRAM,
  SYSTEM_PROGRAM,
  VOTE_PROGRAM,
} from './well-known.js';
import type { ParsedTransaction } from './wire.js';

export const LAMPORTS_PER_SIGNATURE = 5000n;
const MAX_COMPUTE_UNITS = 1_400_000;
const DEFAULT_UNITS_PER_PROGRAM = 200_000;
/** SIMD-0170: builtins that have not become BPF programs count as much as they can use. */
const DEFAULT_UNITS_PER_BUILTIN = 3_000;
const MIN_HEAP_BYTES = 32_768;
const MAX_HEAP_BYTES = 262_144;
const HEAP_STEP_BYTES = 1_024;
const MICRO_LAMPORTS_PER_LAMPORT = 1_000_000n;

const BUILTINS: ReadonlySet<string> = new Set([
  SYSTEM_PROGRAM,
  VOTE_PROGRAM,
  COMPUTE_BUDGET_PROGRAM,
  BPF_LOADER,
  BPF_LOADER_DEPRECATED,
  BPF_LOADER_UPGRADEABLE,
  LOADER_V4,
  ED25519_PROGRAM,
  SECP256K1_PROGRAM,
]);
/**
 * Their instructions begin with the number of signatures that they verify, each paid like the transaction's own;
 * and what verifying one takes of a block, compute units (Agave's block_cost_limits).
 */
const SIGNATURE_PROGRAMS: ReadonlyMap<string, number> = new Map([
  [ED25519_PROGRAM, 2_400],
  [SECP256K1_PROGRAM, 6_690],
  [SECP256R1_PROGRAM, 4_800],
]);
/** The same for each of the transaction's own signatures. */
const SIGNATURE_UNITS = 720;
/** What a transaction may load that says nothing else of it. */
const DEFAULT_LOADED_BYTES = 64 * 1024 * 1024;

export interface ComputeBudget {
  readonly unitLimit: number;
  readonly microLamportsPerUnit: bigint;
  /** Base and priority fee, lamports. */
  readonly fee: bigint;
  /** Of `fee`, what is paid for signatures, lamports. */
  readonly baseFee: bigint;
  /** What verifying all signatures takes of a block, compute units. */
  readonly signatureUnits: number;
  /** Most bytes of accounts that it may load. */
  readonly loadedBytesLimit: number;
}

enum Setting {
  HeapFrame = 1,
  UnitLimit = 2,
  UnitPrice = 3,
  LoadedDataLimit = 4,
}

/** The budget, or the error with which a leader refuses the transaction without a fee. */
export function computeBudgetOf(
  tx: ParsedTransaction,
): { readonly budget: ComputeBudget } | { readonly err: TransactionErrorJson } {
  const settings = new Map<number, bigint>();
  let defaultUnits = 0;
  let signatures = BigInt(tx.requiredSignatures);
  let signatureUnits = tx.requiredSignatures * SIGNATURE_UNITS;
  for (const [index, instruction] of tx.instructions.entries()) {
    const program = encodeAddress(tx.staticKeys[instruction.programIdIndex]!);
    if (program !== COMPUTE_BUDGET_PROGRAM) {
      defaultUnits += BUILTINS.has(program) ? DEFAULT_UNITS_PER_BUILTIN : DEFAULT_UNITS_PER_PROGRAM;
      const unitsEach = SIGNATURE_PROGRAMS.get(program);
      if (unitsEach !== undefined) {
        const verified = instruction.data[0] ?? 0;
        signatures += BigInt(verified);
        signatureUnits += verified * unitsEach;
      }
      continue;
    }
    defaultUnits += DEFAULT_UNITS_PER_BUILTIN;
    const setting = readSetting(instruction.data);
    if (setting === undefined) return { err: { InstructionError: [index, 'InvalidInstructionData'] } };
    if (settings.has(setting.kind)) return { err: { DuplicateInstruction: index } };
    settings.set(setting.kind, setting.value);
  }
  if (settings.get(Setting.LoadedDataLimit) === 0n) return { err: 'InvalidLoadedAccountsDataSizeLimit' };
  const unitLimit = Math.min(Number(settings.get(Setting.UnitLimit) ?? defaultUnits), MAX_COMPUTE_UNITS);
  const microLamportsPerUnit = settings.get(Setting.UnitPrice) ?? 0n;
  const priorityMicroLamports = microLamportsPerUnit * BigInt(unitLimit);
  const priority = (priorityMicroLamports + MICRO_LAMPORTS_PER_LAMPORT - 1n) / MICRO_LAMPORTS_PER_LAMPORT;
  const baseFee = signatures * LAMPORTS_PER_SIGNATURE;
  const loadedBytesLimit = Math.min(
    Number(settings.get(Setting.LoadedDataLimit) ?? DEFAULT_LOADED_BYTES),
    DEFAULT_LOADED_BYTES,
  );
  const fee = baseFee + priority;
  return { budget: { unitLimit, microLamportsPerUnit, fee, baseFee, signatureUnits, loadedBytesLimit } };
}

function readSetting(data: Uint8Array): { readonly kind: Setting; readonly value: bigint } | undefined {
  const kind = data[0];
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (kind === Setting.UnitPrice) {
    return data.length >= 9 ? { kind, value: view.getBigUint64(1, true) } : undefined;
  }
  if (kind !== Setting.HeapFrame && kind !== Setting.UnitLimit && kind !== Setting.LoadedDataLimit) {
    return undefined;
  }
  if (data.length < 5) return undefined;
  const value = view.getUint32(1, true);
  const badHeap = value < MIN_HEAP_BYTES || value > MAX_HEAP_BYTES || value % HEAP_STEP_BYTES !== 0;
  if (kind === Setting.HeapFrame && badHeap) return undefined;
  return { kind, value: BigInt(value) };
}
