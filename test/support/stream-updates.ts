/** Short ways to write what a stream brings. */
import {
  type Address,
  asBlockHeight,
  asBlockhash,
  asSlot,
  type Signature,
  type Slot,
} from '../../src/model/brands.js';
import type {
  AccountUpdate,
  BlockMetaUpdate,
  SlotStatus,
  SlotUpdate,
  StreamGap,
  StreamSink,
} from '../../src/stream/types.js';

export const OWNER = 'owner' as Address;

export function slotUpdate(slot: number, status: SlotStatus, parent?: number): SlotUpdate {
  return {
    slot: asSlot(slot),
    status,
    parent: parent === undefined ? undefined : asSlot(parent),
    receivedUs: 0,
  };
}

export function blockMeta(slot: number, parent: number, height = slot, receivedUs = 0): BlockMetaUpdate {
  return {
    slot: asSlot(slot),
    parentSlot: asSlot(parent),
    blockhash: asBlockhash(`hash-${slot}`),
    blockHeight: asBlockHeight(height),
    blockTimeMs: 1_700_000_000_000,
    receivedUs,
  };
}

/** A write whose whole content is one byte, so that a test can name a state by a number. */
export function write(address: string, slot: number, writeVersion: number, value: number): AccountUpdate {
  return {
    address: address as Address,
    slot: asSlot(slot),
    writeVersion: BigInt(writeVersion),
    lamports: 1n,
    owner: OWNER,
    data: Uint8Array.of(value),
    txnSignature: `signature-${writeVersion}` as Signature,
    receivedUs: 0,
  };
}

export function gap(repairFrom: number, fields: Partial<StreamGap> = {}): StreamGap {
  return {
    completeThrough: asSlot(0),
    resumedAt: asSlot(repairFrom + 1),
    reason: 'start',
    repairFrom: asSlot(repairFrom),
    open: false,
    ...fields,
  };
}

/** A slot's whole life at processed. */
export function liveSlot(
  sink: StreamSink,
  slot: number,
  parent: number,
  writes: readonly AccountUpdate[] = [],
): void {
  sink.onSlot(slotUpdate(slot, 'createdBank', parent));
  for (const update of writes) sink.onAccount(update);
  sink.onBlockMeta(blockMeta(slot, parent));
  sink.onSlot(slotUpdate(slot, 'processed', parent));
}

export const asSlots = (...slots: readonly number[]): Slot[] => slots.map(asSlot);
