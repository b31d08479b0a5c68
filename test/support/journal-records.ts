/** Journal records of made-up trades, all told apart by their number. */
import type { JournalRecord } from '../../src/journal/types.js';
import {
  asAddress,
  asBlockHeight,
  asBlockhash,
  asSignature,
  asSlot,
  asTradeId,
} from '../../src/model/brands.js';
import type { TradeState } from '../../src/model/trade-state.js';

export const ORIGIN_MS = 1_700_000_000_000;
export const idOf = (number: number) => asTradeId(`t${String(number).padStart(26, '0')}`);

export function intentRecord(number: number): JournalRecord & { kind: 'intent' } {
  return {
    kind: 'intent',
    tradeId: idOf(number),
    intent: {
      clientOrderId: `order-${number}`,
      inputMint: asAddress('mintA'),
      outputMint: asAddress('mintB'),
      amount: 0xffff_ffff_ffff_ffffn,
      mode: 'exactIn',
      slippageBps: 100,
      priority: 4,
      deadlineMs: 5000,
      validityBlocks: 150,
      dryRun: false,
    },
    wallet: asAddress('wallet1'),
    pool: asAddress('pool1'),
    limit: 1n,
    quotedIn: 5n,
    quotedOut: BigInt(number),
    quoteSlot: asSlot(10),
    intentSlot: asSlot(11),
    acceptedAtMs: ORIGIN_MS + number,
    deadlineAtMs: ORIGIN_MS + number + 5000,
  };
}

export function attemptRecord(number: number, attempt = 1): JournalRecord & { kind: 'attempt' } {
  return {
    kind: 'attempt',
    tradeId: idOf(number),
    number: attempt,
    signature: asSignature(`signature-${number}-${attempt}`),
    blockhash: asBlockhash('hash'),
    lastValidBlockHeight: asBlockHeight(161),
    signedSlot: asSlot(12),
    signedAtMs: ORIGIN_MS + number,
    poolSlot: asSlot(11),
    quotedIn: 5n,
    quotedOut: 6n,
    limit: 5n,
    computeUnitLimit: 60_000,
    computeUnitPriceMicroLamports: 1000n,
    wire: new Uint8Array(600).fill(number % 251),
  };
}

export function stateRecord(
  number: number,
  state: TradeState,
  afterMs = 100,
): JournalRecord & { kind: 'state' } {
  const atMs = ORIGIN_MS + number + afterMs;
  return {
    kind: 'state',
    tradeId: idOf(number),
    change: { state, atMs, knownAtMs: atMs, evidence: { source: 'stream:test', slot: asSlot(13) } },
  };
}

/** A whole life, to `finalized`. */
export function lifeOf(number: number): JournalRecord[] {
  return [
    intentRecord(number),
    stateRecord(number, 'queued', 1),
    attemptRecord(number),
    stateRecord(number, 'sent', 3),
    stateRecord(number, 'processed', 4),
    stateRecord(number, 'confirmed', 5),
    stateRecord(number, 'finalized', 6),
  ];
}
