/** Compute budget instructions; a limit and a price are always explicit, since the fee follows the requested limit. */
import type { Instruction } from './instruction.js';
import { COMPUTE_BUDGET_PROGRAM } from './program-ids.js';

const SET_COMPUTE_UNIT_LIMIT = 2;
const SET_COMPUTE_UNIT_PRICE = 3;

/** Where the number stands in either instruction's data. */
export const COMPUTE_BUDGET_VALUE_OFFSET = 1;

/** @param units at most LIMITS.computeUnits */
export function setComputeUnitLimit(units: number): Instruction {
  const data = new Uint8Array(5);
  data[0] = SET_COMPUTE_UNIT_LIMIT;
  new DataView(data.buffer).setUint32(COMPUTE_BUDGET_VALUE_OFFSET, units, true);
  return { programId: COMPUTE_BUDGET_PROGRAM, accounts: [], data };
}

export function setComputeUnitPrice(microLamports: bigint): Instruction {
  const data = new Uint8Array(9);
  data[0] = SET_COMPUTE_UNIT_PRICE;
  new DataView(data.buffer).setBigUint64(COMPUTE_BUDGET_VALUE_OFFSET, microLamports, true);
  return { programId: COMPUTE_BUDGET_PROGRAM, accounts: [], data };
}
