/**
 * A build request and its answer as they lie in a ring's slot. Fixed offsets in 32- and 64-bit words: encoding
 * takes well under 1 µs. Errors cross whole, as the JSON of a PlainError.
 */
import { HotslotError, type PlainError } from '../errors/hotslot-error.js';
import { asBlockHeight, asSignature, asSlot } from '../model/brands.js';
import { encodeSignature } from '../transaction/base58.js';
import { LIMITS } from '../transaction/limits.js';
import { SIGNATURE_OFFSET } from '../transaction/prepared-message.js';
import { type AttemptParts, type BuildNumbers, MAX_PENDING } from './build-attempt.js';
import type { SharedBoard } from './shared-board.js';
import type { BuildFailure, BuildRequest, BuiltAttempt } from './types.js';

export const SLOT_BYTES = 2048;

/** Request: 32-bit words. */
const ASK = {
  route: 0,
  zeroSignature: 1,
  slippageBps: 2,
  computeUnitLimit: 3,
  validityBlocks: 4,
  maxBlockhashAgeSlots: 5,
  maxPoolAgeSlots: 6,
  pendingCount: 7,
  priceRaisePercent: 16,
} as const;
/** Request: 64-bit words; three for each pending trade. */
const ASK64 = {
  amount: 4,
  limit: 5,
  computeUnitPrice: 6,
  maxComputeUnitPrice: 7,
  pending: 9,
} as const;

/** Answer: 32-bit words. */
const ANSWER = {
  status: 0,
  bodyLength: 1,
  lastValidBlockHeight: 2,
  signedSlot: 3,
  poolSlot: 4,
  blockhashSlot: 5,
  signatureLength: 6,
} as const;
/** Answer: 64-bit words. */
const ANSWER64 = {
  quoteUs: 4,
  buildUs: 5,
  signUs: 6,
  computeUnitPrice: 7,
  quotedIn: 8,
  quotedOut: 9,
  limit: 10,
} as const;
/** Answer: bytes. */
const BLOCKHASH_AT = 96;
const SIGNATURE_TEXT_AT = 128;
const BODY_AT = 256;
const STATUS = { built: 1, refused: 2, echo: 3 } as const;

/** A request with this route is answered at once and says nothing: it measures the hop. */
export const ECHO_ROUTE = 0xffff_ffff;
const U32_MAX = 0xffff_ffff;

interface Views {
  readonly bytes: Buffer;
  readonly u32: Uint32Array;
  readonly u64: BigUint64Array;
  readonly f64: Float64Array;
}

/** Views are made once a slot. The key is the slot's own array, so that they go with the ring. */
const viewsOfSlot = new WeakMap<Uint8Array, Views>();

function viewsOf(slot: Uint8Array): Views {
  let views = viewsOfSlot.get(slot);
  if (views === undefined) {
    const { buffer, byteOffset, byteLength } = slot;
    views = {
      bytes: Buffer.from(buffer, byteOffset, byteLength),
      u32: new Uint32Array(buffer, byteOffset, byteLength / 4),
      u64: new BigUint64Array(buffer, byteOffset, byteLength / 8),
      f64: new Float64Array(buffer, byteOffset, byteLength / 8),
    };
    viewsOfSlot.set(slot, views);
  }
  return views;
}

const asAge = (slots: number): number => Math.min(Math.max(0, slots), U32_MAX);

/** @throws HotslotError QUEUE_FULL with more than MAX_PENDING pending trades */
export function assertEncodable(request: BuildRequest): void {
  if (request.pending.length > MAX_PENDING) {
    const context = { pool: request.pool, pending: request.pending.length, limit: MAX_PENDING };
    throw new HotslotError('QUEUE_FULL', { context });
  }
}

export function encodeEcho(slot: Uint8Array): void {
  viewsOf(slot).u32[ASK.route] = ECHO_ROUTE;
}

export function encodeRequest(slot: Uint8Array, routeId: number, request: BuildRequest): void {
  const { u32, u64 } = viewsOf(slot);
  u32[ASK.route] = routeId;
  u32[ASK.zeroSignature] = request.zeroSignature ? 1 : 0;
  u32[ASK.slippageBps] = request.slippageBps;
  u32[ASK.computeUnitLimit] = request.computeUnitLimit;
  u32[ASK.validityBlocks] = request.validityBlocks;
  u32[ASK.maxBlockhashAgeSlots] = asAge(request.maxBlockhashAgeSlots);
  u32[ASK.maxPoolAgeSlots] = asAge(request.maxPoolAgeSlots);
  u32[ASK.pendingCount] = request.pending.length;
  u64[ASK64.amount] = request.amount;
  u64[ASK64.limit] = request.limit;
  u64[ASK64.computeUnitPrice] = request.computeUnitPriceMicroLamports;
  u64[ASK64.maxComputeUnitPrice] = request.maxComputeUnitPriceMicroLamports;
  u32[ASK.priceRaisePercent] = request.priceRaisePercent;
  let at: number = ASK64.pending;
  for (const trade of request.pending) {
    u64[at] = trade.zeroForOne ? 1n : 0n;
    u64[at + 1] = trade.amountIn;
    u64[at + 2] = trade.amountOut;
    at += 3;
  }
}

/** @returns the route's id */
export function routeIdOf(slot: Uint8Array): number {
  return viewsOf(slot).u32[ASK.route]!;
}

export function decodeNumbers(slot: Uint8Array): BuildNumbers {
  const { u32, u64 } = viewsOf(slot);
  const pending: { zeroForOne: boolean; amountIn: bigint; amountOut: bigint }[] = [];
  for (let i = 0; i < u32[ASK.pendingCount]!; i++) {
    const at = ASK64.pending + 3 * i;
    pending.push({ zeroForOne: u64[at] === 1n, amountIn: u64[at + 1]!, amountOut: u64[at + 2]! });
  }
  return {
    amount: u64[ASK64.amount]!,
    limit: u64[ASK64.limit]!,
    slippageBps: u32[ASK.slippageBps]!,
    computeUnitLimit: u32[ASK.computeUnitLimit]!,
    computeUnitPriceMicroLamports: u64[ASK64.computeUnitPrice]!,
    maxComputeUnitPriceMicroLamports: u64[ASK64.maxComputeUnitPrice]!,
    priceRaisePercent: u32[ASK.priceRaisePercent]!,
    validityBlocks: u32[ASK.validityBlocks]!,
    maxBlockhashAgeSlots: u32[ASK.maxBlockhashAgeSlots]!,
    maxPoolAgeSlots: u32[ASK.maxPoolAgeSlots]!,
    pending,
    zeroSignature: u32[ASK.zeroSignature] === 1,
  };
}

export function encodeEchoAnswer(slot: Uint8Array): void {
  viewsOf(slot).u32[ANSWER.status] = STATUS.echo;
}

export function encodeBuilt(slot: Uint8Array, parts: AttemptParts, zeroSignature: boolean): void {
  const { bytes, u32, u64, f64 } = viewsOf(slot);
  u32[ANSWER.status] = STATUS.built;
  u32[ANSWER.bodyLength] = parts.wire.length;
  u32[ANSWER.lastValidBlockHeight] = parts.lastValidBlockHeight;
  u32[ANSWER.signedSlot] = parts.signedSlot;
  u32[ANSWER.poolSlot] = parts.poolSlot;
  u32[ANSWER.blockhashSlot] = parts.blockhashSlot;
  f64[ANSWER64.quoteUs] = parts.quoteUs;
  f64[ANSWER64.buildUs] = parts.buildUs;
  f64[ANSWER64.signUs] = parts.signUs;
  u64[ANSWER64.quotedIn] = parts.quotedIn;
  u64[ANSWER64.quotedOut] = parts.quotedOut;
  u64[ANSWER64.limit] = parts.limit;
  u64[ANSWER64.computeUnitPrice] = parts.computeUnitPriceMicroLamports;
  bytes.set(parts.blockhash, BLOCKHASH_AT);
  const signature = zeroSignature ? '' : encodeSignature(parts.wire, SIGNATURE_OFFSET);
  u32[ANSWER.signatureLength] = bytes.write(signature, SIGNATURE_TEXT_AT, 'latin1');
  bytes.set(parts.wire, BODY_AT);
}

export function encodeRefusal(slot: Uint8Array, error: PlainError): void {
  const { bytes, u32 } = viewsOf(slot);
  u32[ANSWER.status] = STATUS.refused;
  u32[ANSWER.bodyLength] = bytes.write(JSON.stringify(error), BODY_AT, 'utf8');
}

/** Copies everything out of the slot, which is reused. */
export function decodeAnswer(slot: Uint8Array, board: SharedBoard): BuiltAttempt | BuildFailure {
  const { bytes, u32, u64, f64 } = viewsOf(slot);
  const bodyLength = u32[ANSWER.bodyLength]!;
  if (u32[ANSWER.status] === STATUS.refused) {
    const text = bytes.toString('utf8', BODY_AT, BODY_AT + bodyLength);
    return { ok: false, error: JSON.parse(text) as PlainError };
  }
  if (u32[ANSWER.status] !== STATUS.built || bodyLength > LIMITS.transactionBytes) {
    throw new HotslotError('WORKER_FAILED', { detail: 'Its answer is malformed.' });
  }
  const signatureLength = u32[ANSWER.signatureLength]!;
  const wire = new Uint8Array(bodyLength);
  wire.set(bytes.subarray(BODY_AT, BODY_AT + bodyLength));
  const blockhash = bytes.subarray(BLOCKHASH_AT, BLOCKHASH_AT + 32);
  return {
    ok: true,
    wire,
    signature:
      signatureLength === 0
        ? undefined
        : asSignature(bytes.toString('latin1', SIGNATURE_TEXT_AT, SIGNATURE_TEXT_AT + signatureLength)),
    blockhash: board.blockhashText(u32[ANSWER.blockhashSlot]!, blockhash),
    lastValidBlockHeight: asBlockHeight(u32[ANSWER.lastValidBlockHeight]!),
    signedSlot: asSlot(u32[ANSWER.signedSlot]!),
    poolSlot: asSlot(u32[ANSWER.poolSlot]!),
    quotedIn: u64[ANSWER64.quotedIn]!,
    quotedOut: u64[ANSWER64.quotedOut]!,
    limit: u64[ANSWER64.limit]!,
    computeUnitPriceMicroLamports: u64[ANSWER64.computeUnitPrice]!,
    quoteUs: f64[ANSWER64.quoteUs]!,
    buildUs: f64[ANSWER64.buildUs]!,
    signUs: f64[ANSWER64.signUs]!,
    lane: 'pool',
  };
}
