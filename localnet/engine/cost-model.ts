/**
 * What a transaction takes of its block, in compute units, and how much a leader wants it. Numbers and form are
 * those of Agave's cost model and of its central scheduler.
 */
import type { ComputeBudget } from './compute-budget.js';
import type { ParsedTransaction } from './wire.js';

const WRITE_LOCK_UNITS = 300;
/** Bytes of instruction data that take one unit. */
const DATA_BYTES_PER_UNIT = 4;
const LOADED_PAGE_BYTES = 32 * 1024;
const LOADED_PAGE_UNITS = 8;
/** Part of the base fee that is burnt and no leader gets. */
const BURNT_DIVISOR = 2n;
/** Keeps whole lamports a unit from being too coarse to compare. */
const PRIORITY_SCALE = 1_000_000;

export interface TransactionCost {
  /** Signatures, write locks and instruction data: known from the bytes, whatever happens. */
  readonly fixedUnits: number;
  /** With the requested compute units and all that may be loaded: the room that has to be free before it runs. */
  readonly requestedUnits: number;
}

export function costOf(tx: ParsedTransaction, budget: ComputeBudget): TransactionCost {
  const dataBytes = tx.instructions.reduce((sum, instruction) => sum + instruction.data.length, 0);
  const locks = writeLocksOf(tx) * WRITE_LOCK_UNITS;
  const fixedUnits = budget.signatureUnits + locks + Math.floor(dataBytes / DATA_BYTES_PER_UNIT);
  const requestedUnits = fixedUnits + budget.unitLimit + loadedUnits(budget.loadedBytesLimit);
  return { fixedUnits, requestedUnits };
}

/** What it took in the end: the units that it used and the bytes that it loaded. */
export function usedUnits(cost: TransactionCost, unitsConsumed: number, loadedBytes: number): number {
  return cost.fixedUnits + unitsConsumed + loadedUnits(loadedBytes);
}

/** The leader's reward for each unit of cost: priority fee and half the base fee, since the other half is burnt. */
export function priorityOf(budget: ComputeBudget, cost: TransactionCost): number {
  const reward = budget.fee - budget.baseFee / BURNT_DIVISOR;
  return Math.floor((Number(reward) * PRIORITY_SCALE) / (cost.requestedUnits + 1));
}

function writeLocksOf(tx: ParsedTransaction): number {
  const signers = tx.requiredSignatures - tx.readonlySigned;
  const others = tx.staticKeys.length - tx.requiredSignatures - tx.readonlyUnsigned;
  return tx.lookups.reduce((sum, lookup) => sum + lookup.writableIndexes.length, signers + others);
}

function loadedUnits(bytes: number): number {
  return Math.ceil(bytes / LOADED_PAGE_BYTES) * LOADED_PAGE_UNITS;
}
