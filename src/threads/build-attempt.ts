/**
 * One attempt, from the newest numbers on the board to signed bytes. The same function runs in place and on
 * workers: it reads shared memory and its arguments, and touches nothing else.
 */
import { HotslotError } from '../errors/hotslot-error.js';
import type { SigningKey } from '../keys/signing-key.js';
import { assertTradable, quoteExactIn, quoteExactOut } from '../market/raydium-cpmm-quote.js';
import type { CpmmState, Quote } from '../market/types.js';
import type { Address } from '../model/brands.js';
import type { SwapMode } from '../model/trade-intent.js';
import { type PreparedMessage, patchMessage, SIGNATURE_OFFSET } from '../transaction/prepared-message.js';
import type { BoardBlockhash } from './blockhash-ring.js';
import type { BuildClock } from './build-clock.js';
import type { SharedBoard } from './shared-board.js';
import type { BuildRequest } from './types.js';

/** What is known of a route before any trade. */
export interface BuildRoute {
  readonly prepared: PreparedMessage;
  readonly pool: Address;
  /** On the board. */
  readonly poolIndex: number;
  readonly wallet: Address;
  readonly zeroForOne: boolean;
  readonly mode: SwapMode;
}

/** The numbers of a request; what it names is in the route. */
export type BuildNumbers = Pick<
  BuildRequest,
  | 'amount'
  | 'limit'
  | 'slippageBps'
  | 'computeUnitLimit'
  | 'computeUnitPriceMicroLamports'
  | 'priceRaisePercent'
  | 'maxComputeUnitPriceMicroLamports'
  | 'validityBlocks'
  | 'maxBlockhashAgeSlots'
  | 'maxPoolAgeSlots'
  | 'pending'
  | 'zeroSignature'
>;

export interface AttemptParts {
  readonly wire: Uint8Array;
  /** 32 bytes, within `wire`. */
  readonly blockhash: Uint8Array;
  readonly blockhashSlot: number;
  readonly lastValidBlockHeight: number;
  readonly signedSlot: number;
  readonly poolSlot: number;
  readonly quotedIn: bigint;
  readonly quotedOut: bigint;
  readonly limit: bigint;
  readonly computeUnitPriceMicroLamports: bigint;
  readonly quoteUs: number;
  readonly buildUs: number;
  readonly signUs: number;
}

/** Most own trades on a pool whose outcome is not seen yet. */
export const MAX_PENDING = 32;
const BPS = 10_000n;
const PERCENT = 100n;

/**
 * @param key undefined only for a zero signature
 * @throws HotslotError KILL_SWITCH_ACTIVE, STREAM_STALE, POOL_NOT_READY, POOL_STALE, POOL_DISABLED,
 *   INSUFFICIENT_LIQUIDITY, LIMIT_NOT_MET, BLOCKHASH_STALE, KEY_LOCKED, QUEUE_FULL (too many pending)
 */
export function buildAttempt(
  board: SharedBoard,
  route: BuildRoute,
  key: SigningKey | undefined,
  request: BuildNumbers,
  clock: BuildClock,
): AttemptParts {
  const startedUs = clock.nowUs();
  if (!request.zeroSignature && board.killSwitch() === 'stop') throw new HotslotError('KILL_SWITCH_ACTIVE');
  assertStreamFresh(board, startedUs);
  const headSlot = board.headSlot();
  const pool = freshPool(board, route, request.maxPoolAgeSlots, headSlot);
  assertTradable(pool.state, clock.nowMs() / 1000);
  const quote = quoteWorst(pool.state, route, request);
  const limit = bindingLimit(route.mode, request, quote);
  const price = priceToPay(request, board.feeLevelMicroLamports(route.poolIndex));
  const quotedUs = clock.nowUs();

  const blockhash = freshBlockhash(board, request, headSlot);
  // From Node's pool: a third of what a typed array of its own costs.
  const wire = Buffer.from(route.prepared.wire);
  patchMessage(wire, route.prepared, {
    amount: request.amount,
    limit,
    computeUnitLimit: request.computeUnitLimit,
    computeUnitPriceMicroLamports: price,
    blockhash: blockhash.bytes,
  });
  const builtUs = clock.nowUs();

  if (!request.zeroSignature) {
    if (key === undefined) throw new HotslotError('KEY_LOCKED', { context: { wallet: route.wallet } });
    const { messageOffset } = route.prepared;
    key.signInto(wire, messageOffset, wire.length - messageOffset, wire, SIGNATURE_OFFSET);
  }
  const at = route.prepared.blockhashOffset;
  return {
    wire,
    blockhash: wire.subarray(at, at + 32),
    blockhashSlot: blockhash.slot,
    lastValidBlockHeight: blockhash.lastValidBlockHeight,
    signedSlot: headSlot,
    poolSlot: pool.slot,
    quotedIn: quote.amountIn,
    quotedOut: quote.amountOut,
    limit,
    computeUnitPriceMicroLamports: price,
    quoteUs: quotedUs - startedUs,
    buildUs: builtUs - quotedUs,
    signUs: clock.nowUs() - builtUs,
  };
}

/** @param feeLevelMicroLamports what others lately paid for a compute unit on the pool */
function priceToPay(request: BuildNumbers, feeLevelMicroLamports: number): bigint {
  const { computeUnitPriceMicroLamports: least, maxComputeUnitPriceMicroLamports: most } = request;
  const level = BigInt(feeLevelMicroLamports);
  const base = level > least ? level : least;
  const price = base + (base * BigInt(request.priceRaisePercent)) / PERCENT;
  return price < most ? price : most;
}

function assertStreamFresh(board: SharedBoard, nowUs: number): void {
  const maxAgeMs = board.maxStreamAgeMs();
  if (maxAgeMs === 0) return;
  const ageMs = (nowUs - board.streamActivityUs()) / 1000;
  if (ageMs > maxAgeMs) {
    throw new HotslotError('STREAM_STALE', {
      context: { ageMs: Math.round(ageMs), maxAgeMs, headSlot: board.headSlot() },
    });
  }
}

function freshPool(
  board: SharedBoard,
  route: BuildRoute,
  maxAgeSlots: number,
  headSlot: number,
): { readonly slot: number; readonly state: CpmmState } {
  const pool = board.pool(route.poolIndex);
  if (pool === undefined) throw new HotslotError('POOL_NOT_READY', { context: { pool: route.pool } });
  const completeSlot = board.poolCompleteSlot(route.poolIndex);
  const suspect = board.poolSuspect(route.poolIndex);
  const ageSlots = Math.max(0, headSlot - completeSlot);
  if (suspect || ageSlots > maxAgeSlots) {
    throw new HotslotError('POOL_STALE', {
      context: {
        pool: route.pool,
        ageSlots,
        maxAgeSlots,
        slot: completeSlot,
        poolSlot: pool.slot,
        headSlot,
        suspect,
      },
    });
  }
  return pool;
}

function freshBlockhash(board: SharedBoard, request: BuildNumbers, headSlot: number): BoardBlockhash {
  const newestSlot = board.newestBlockhashSlot();
  const ageSlots = newestSlot === undefined ? headSlot : Math.max(0, headSlot - newestSlot);
  // An older hash may be asked for by validityBlocks; it is the newest's age that says whether we are in touch.
  const blockhash =
    newestSlot === undefined || ageSlots > request.maxBlockhashAgeSlots
      ? undefined
      : board.blockhashWithin(request.validityBlocks);
  if (blockhash !== undefined) return blockhash;
  throw new HotslotError('BLOCKHASH_STALE', {
    context: {
      ageSlots,
      maxAgeSlots: request.maxBlockhashAgeSlots,
      slot: newestSlot ?? 0,
      headSlot,
      validityBlocks: request.validityBlocks,
    },
  });
}

/**
 * The worst quote over what may have happened to our own trades of unseen outcome: none of them landed, all did,
 * or only those that go our way and so move the price against us.
 */
function quoteWorst(state: CpmmState, route: BuildRoute, request: BuildNumbers): Quote {
  const { pending, amount } = request;
  const quoteOn = (candidate: CpmmState): Quote =>
    route.mode === 'exactIn'
      ? quoteExactIn(candidate, route.zeroForOne, amount)
      : quoteExactOut(candidate, route.zeroForOne, amount);
  let worst = quoteOn(state);
  if (pending.length === 0) return worst;
  if (pending.length > MAX_PENDING) {
    throw new HotslotError('QUEUE_FULL', {
      context: { pool: route.pool, pending: pending.length, limit: MAX_PENDING },
    });
  }
  const ourWay = pending.filter((trade) => trade.zeroForOne === route.zeroForOne);
  for (const landed of [pending, ourWay]) {
    const quote = quoteOn(applyPending(state, landed));
    if (quote.amountOut < worst.amountOut || quote.amountIn > worst.amountIn) worst = quote;
  }
  return worst;
}

/** The whole input is counted as reserve although fees of it are not: that errs on the worse side. */
function applyPending(state: CpmmState, trades: BuildNumbers['pending']): CpmmState {
  let { reserve0, reserve1 } = state;
  for (const trade of trades) {
    reserve0 += trade.zeroForOne ? trade.amountIn : -trade.amountOut;
    reserve1 += trade.zeroForOne ? -trade.amountOut : trade.amountIn;
  }
  return { ...state, reserve0, reserve1 };
}

/**
 * The limit that goes into the instruction: the intent's, or the fresh quote's with the tolerance where that is
 * tighter. @throws HotslotError LIMIT_NOT_MET where the fresh quote does not even meet the intent's
 */
function bindingLimit(mode: SwapMode, request: BuildNumbers, quote: Quote): bigint {
  const slippage = BigInt(request.slippageBps);
  if (mode === 'exactIn') {
    if (quote.amountOut < request.limit) throw limitNotMet(quote.amountOut, request.limit);
    const tightened = quote.amountOut - (quote.amountOut * slippage) / BPS;
    return tightened > request.limit ? tightened : request.limit;
  }
  if (quote.amountIn > request.limit) throw limitNotMet(quote.amountIn, request.limit);
  const tightened = quote.amountIn + (quote.amountIn * slippage) / BPS;
  return tightened < request.limit ? tightened : request.limit;
}

function limitNotMet(quoted: bigint, limit: bigint): HotslotError {
  return new HotslotError('LIMIT_NOT_MET', {
    context: { quoted: quoted.toString(), limit: limit.toString() },
  });
}
