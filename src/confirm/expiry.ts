/**
 * The proof that an attempt can never land: a block above its last valid height has the
 * commitment, a node whose view includes that block does not know the signature with its history searched, and
 * that node has not pruned the slots in which the attempt could have landed.
 */
import type { SlotView } from '../cache/types.js';
import type { Slot } from '../model/brands.js';
import type { Evidence } from '../model/trade.js';
import type { StatusesAnswer } from '../send/chain-reader.js';
import type { TrackedAttempt } from './types.js';

export type ExpiryCommitment = 'confirmed' | 'finalized';

export type ExpiryProof =
  | { readonly kind: 'proven'; readonly commitment: ExpiryCommitment; readonly evidence: Evidence }
  | { readonly kind: 'unproven'; readonly reason: string };

/** @param answer of a node that did not know the signature, its history searched */
export function proveExpiry(
  attempt: TrackedAttempt,
  slots: SlotView,
  answer: Pick<StatusesAnswer, 'contextSlot' | 'host'>,
  firstAvailableBlock: Slot,
): ExpiryProof {
  if (firstAvailableBlock > attempt.signedSlot) {
    const reason = `${answer.host} has nothing before slot ${firstAvailableBlock}, signed at ${attempt.signedSlot}`;
    return { kind: 'unproven', reason };
  }
  for (const commitment of ['finalized', 'confirmed'] as const) {
    const past = slots.firstSlotAboveHeight(attempt.lastValidBlockHeight, commitment);
    if (past === undefined || answer.contextSlot < past) continue;
    const detail =
      `height ${attempt.lastValidBlockHeight} passed by slot ${past}, ` +
      `unknown to ${answer.host} at slot ${answer.contextSlot}, history from ${firstAvailableBlock}`;
    return {
      kind: 'proven',
      commitment,
      evidence: { source: `rpc:${answer.host}`, slot: past, commitment, detail },
    };
  }
  return { kind: 'unproven', reason: `${answer.host} is behind at slot ${answer.contextSlot}` };
}
