/**
 * A message compiled once for a route, direction, mode and wallet. A trade copies its bytes and writes the few
 * numbers that differ at fixed offsets: 0.1 µs instead of the hundreds that a compile takes.
 */
import type { AccountMeta } from './instruction.js';
import type { CompiledMessage } from './message.js';

/** Offsets in the wire form (signatures, then message). Plain data: it is posted to workers as it is. */
export interface PreparedMessage {
  /** Names the route, direction, mode, wallet and variant; for logs and maps. */
  readonly name: string;
  /** Signature count, zeroed signatures, message. One signer: ours. */
  readonly wire: Uint8Array;
  readonly messageOffset: number;
  readonly blockhashOffset: number;
  readonly amountOffset: number;
  readonly limitOffset: number;
  readonly computeUnitLimitOffset: number;
  readonly computeUnitPriceOffset: number;
  /** Every account that the transaction locks, lookup-table ones included. */
  readonly accounts: readonly AccountMeta[];
}

export interface PreparedOffsets {
  readonly computeUnitLimit: { readonly instruction: number; readonly offset: number };
  readonly computeUnitPrice: { readonly instruction: number; readonly offset: number };
  readonly amount: { readonly instruction: number; readonly offset: number };
  readonly limit: { readonly instruction: number; readonly offset: number };
}

/** Of the one signature in the wire form. */
export const SIGNATURE_OFFSET = 1;
const MESSAGE_OFFSET = 65;

/** @throws Error where the message wants other signers than the wallet: programmer's error */
export function prepareMessage(
  name: string,
  message: CompiledMessage,
  offsets: PreparedOffsets,
): PreparedMessage {
  if (message.signatureCount !== 1)
    throw new Error(`a prepared message has one signer, not ${message.signatureCount}`);
  const wire = new Uint8Array(MESSAGE_OFFSET + message.bytes.length);
  wire[0] = 1;
  wire.set(message.bytes, MESSAGE_OFFSET);
  const at = (field: { readonly instruction: number; readonly offset: number }): number =>
    MESSAGE_OFFSET + message.dataOffsets[field.instruction]! + field.offset;
  return {
    name,
    wire,
    messageOffset: MESSAGE_OFFSET,
    blockhashOffset: MESSAGE_OFFSET + message.blockhashOffset,
    amountOffset: at(offsets.amount),
    limitOffset: at(offsets.limit),
    computeUnitLimitOffset: at(offsets.computeUnitLimit),
    computeUnitPriceOffset: at(offsets.computeUnitPrice),
    accounts: message.accounts,
  };
}

const scratchWord = new BigUint64Array(1);
const scratchHalves = new Uint32Array(scratchWord.buffer);

export function writeU32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value;
  bytes[offset + 1] = value >>> 8;
  bytes[offset + 2] = value >>> 16;
  bytes[offset + 3] = value >>> 24;
}

/** Little-endian, through two halves: a BigInt shifted and masked would be garbage. */
export function writeU64(bytes: Uint8Array, offset: number, value: bigint): void {
  scratchWord[0] = value;
  writeU32(bytes, offset, scratchHalves[0]!);
  writeU32(bytes, offset + 4, scratchHalves[1]!);
}

export interface MessageValues {
  readonly amount: bigint;
  readonly limit: bigint;
  readonly computeUnitLimit: number;
  readonly computeUnitPriceMicroLamports: bigint;
  /** 32 bytes. */
  readonly blockhash: Uint8Array;
}

/** Writes a trade's numbers into a copy of the prepared bytes. */
export function patchMessage(wire: Uint8Array, prepared: PreparedMessage, values: MessageValues): void {
  writeU64(wire, prepared.amountOffset, values.amount);
  writeU64(wire, prepared.limitOffset, values.limit);
  writeU32(wire, prepared.computeUnitLimitOffset, values.computeUnitLimit);
  writeU64(wire, prepared.computeUnitPriceOffset, values.computeUnitPriceMicroLamports);
  wire.set(values.blockhash, prepared.blockhashOffset);
}
