/** Instructions, compiled (indices) or, for `jsonParsed`, resolved and where simple also parsed. */
import type { CompiledInstructionInfo, ExecutedTransaction } from '../../engine/messages.js';
import { SYSTEM_PROGRAM } from '../../engine/well-known.js';
import { toBase58 } from './base.js';
import type { Json } from './json.js';
import { MEMO_PROGRAMS } from './memo.js';

const SYSTEM_TRANSFER = 2;
const SYSTEM_TRANSFER_BYTES = 12;
/** Stack height of what the transaction itself calls. */
const TOP_LEVEL = 1;

export function encodeInstructions(
  instructions: readonly CompiledInstructionInfo[],
  accountKeys: readonly string[],
  parsed: boolean,
): Json {
  return instructions.map((instruction) => encodeInstruction(instruction, accountKeys, parsed, TOP_LEVEL));
}

export function encodeInnerInstructions(
  groups: ExecutedTransaction['innerInstructions'],
  accountKeys: readonly string[],
  parsed: boolean,
): Json {
  return groups.map((group) => ({
    index: group.index,
    instructions: group.instructions.map((instruction) =>
      encodeInstruction(instruction, accountKeys, parsed, instruction.stackHeight ?? null),
    ),
  }));
}

function encodeInstruction(
  instruction: CompiledInstructionInfo,
  accountKeys: readonly string[],
  parsed: boolean,
  stackHeight: number | null,
): Json {
  if (!parsed) {
    return {
      accounts: [...instruction.accounts],
      data: toBase58(instruction.data),
      programIdIndex: instruction.programIdIndex,
      stackHeight,
    };
  }
  const programId = accountKeys[instruction.programIdIndex] ?? '';
  const accounts = Array.from(instruction.accounts, (index) => accountKeys[index] ?? '');
  const known = parseInstruction(programId, accounts, instruction.data);
  if (known !== undefined) return { ...known, programId, stackHeight };
  return { accounts, data: toBase58(instruction.data), programId, stackHeight };
}

/** The few that are read by eye most: SOL transfers and memos. Others stay partially decoded. */
function parseInstruction(
  programId: string,
  accounts: readonly string[],
  data: Uint8Array,
): { readonly parsed: Json; readonly program: string } | undefined {
  if (MEMO_PROGRAMS.includes(programId)) {
    return { parsed: Buffer.from(data).toString('utf8'), program: 'spl-memo' };
  }
  if (programId !== SYSTEM_PROGRAM || data.length < SYSTEM_TRANSFER_BYTES || accounts.length < 2) {
    return undefined;
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (view.getUint32(0, true) !== SYSTEM_TRANSFER) return undefined;
  const info = { destination: accounts[1], lamports: view.getBigUint64(4, true), source: accounts[0] };
  return { parsed: { info, type: 'transfer' }, program: 'system' };
}
