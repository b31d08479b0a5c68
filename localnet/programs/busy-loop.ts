/**
 * A program that does nothing but use compute units: it counts the u64 of its instruction's first eight bytes down
 * to zero, two units a step, and takes no accounts. Five instructions, so that no compiler is needed to make it.
 */
import { linkSharedObject } from './elf-shared-object.js';

/** Compute units of one step, and of all that the runtime adds to a call (at most). */
export const UNITS_PER_STEP = 2;
export const UNITS_PER_CALL = 10;

/** sBPF's operations, by number. */
const LOAD_U64 = 0x79;
const ADD_IMMEDIATE = 0x07;
const JUMP_IF_NOT = 0x55;
const MOVE_IMMEDIATE = 0xb7;
const CALL = 0x85;
const EXIT = 0x95;
/** Source register of a call that the loader fills in. */
const CALL_RELOCATED = 1;
/** The runtime's input without accounts: their count, the length of the data, the data. */
const DATA_OFFSET = 16;
const INSTRUCTION_BYTES = 8;

/** The program's bytes as they are deployed. The number of steps must not be 0. */
export function busyLoopProgram(): Buffer {
  const code = Buffer.concat([
    operation({ code: LOAD_U64, to: 2, from: 1, offset: DATA_OFFSET }),
    operation({ code: ADD_IMMEDIATE, to: 2, immediate: -1 }),
    operation({ code: JUMP_IF_NOT, to: 2, offset: -2 }),
    operation({ code: MOVE_IMMEDIATE, to: 0 }),
    operation({ code: EXIT }),
    // Never reached: the loader takes no program without a relocation.
    operation({ code: CALL, from: CALL_RELOCATED, immediate: -1 }),
    operation({ code: EXIT }),
  ]);
  return linkSharedObject({ code, entry: 0, syscalls: [{ offset: 5 * INSTRUCTION_BYTES, name: 'abort' }] });
}

interface Operation {
  readonly code: number;
  readonly to?: number;
  readonly from?: number;
  readonly offset?: number;
  readonly immediate?: number;
}

function operation({ code, to = 0, from = 0, offset = 0, immediate = 0 }: Operation): Buffer {
  const bytes = Buffer.alloc(INSTRUCTION_BYTES);
  bytes[0] = code;
  bytes[1] = (from << 4) | to;
  bytes.writeInt16LE(offset, 2);
  bytes.writeInt32LE(immediate, 4);
  return bytes;
}
