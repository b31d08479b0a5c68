/** What keeping warm trades on: a pool, balances and a chain of nobody's, on which nothing moves. */
import { createHash } from 'node:crypto';
import type { SlotView } from '../cache/types.js';
import { CpmmNumbers } from '../market/cpmm-numbers.js';
import { RAYDIUM_CPMM_AUTHORITY, RAYDIUM_CPMM_PROGRAM } from '../market/raydium-cpmm-program.js';
import type { CpmmState, PoolKeys, PoolSnapshot } from '../market/types.js';
import {
  type Address,
  asAddress,
  asBlockHeight,
  asBlockhash,
  asSlot,
  type Signature,
} from '../model/brands.js';
import type { PositionView } from '../risk/positions.js';
import type { TransactionUpdate } from '../stream/types.js';
import { SharedBoard } from '../threads/shared-board.js';
import { encode32 } from '../transaction/base58.js';
import { SYSTEM_PROGRAM, TOKEN_PROGRAM } from '../transaction/program-ids.js';

export const SLOT = asSlot(1_000);
const HEIGHT = asBlockHeight(1_000);
const VALIDITY_BLOCKS = 150;
/** Thirty-two zero bytes: no cluster ever had this blockhash, so that no node would take the bytes. */
const NO_BLOCKHASH = asBlockhash(SYSTEM_PROGRAM);
/** Lamports and tokens of the wallet: no check may fail. */
const PLENTY = 1n << 60n;

/** Nobody's account: an address that is a hash of words. */
const madeUp = (name: string): Address =>
  asAddress(encode32(createHash('sha256').update(`keep-warm ${name}`).digest()));

export const POOL: PoolKeys = {
  pool: madeUp('pool'),
  venue: 'raydium-cpmm',
  programId: RAYDIUM_CPMM_PROGRAM,
  authority: RAYDIUM_CPMM_AUTHORITY,
  ammConfig: madeUp('config'),
  observation: madeUp('observation'),
  mint0: madeUp('mint 0'),
  mint1: madeUp('mint 1'),
  vault0: madeUp('vault 0'),
  vault1: madeUp('vault 1'),
  tokenProgram0: TOKEN_PROGRAM,
  tokenProgram1: TOKEN_PROGRAM,
  decimals0: 9,
  decimals1: 6,
};

export const POOLS: readonly PoolKeys[] = [POOL];

const STATE: CpmmState = {
  reserve0: 1_000_000_000_000n,
  reserve1: 150_000_000_000n,
  tradeFeeRate: 2_500n,
  protocolFeeRate: 120_000n,
  fundFeeRate: 40_000n,
  creatorFeeRate: 0n,
  creatorFeeOn: 0,
  creatorFeeEnabled: false,
  swapEnabled: true,
  openTime: 0n,
  transferFeeBps0: 0,
  maxTransferFee0: 0n,
  transferFeeBps1: 0,
  maxTransferFee1: 0n,
};

export const SNAPSHOT: PoolSnapshot = {
  pool: POOL.pool,
  venue: POOL.venue,
  slot: SLOT,
  revision: 1,
  state: STATE,
};

export const GATE = {
  stopCount: () => 0,
  admit: () => undefined,
  stoppedSince: () => false,
  forget: () => undefined,
};

/** A chain on which nothing moves. */
export const STILL_SLOTS: SlotView = {
  head: () => SLOT,
  slot: () => SLOT,
  blockHeight: () => HEIGHT,
  isOnHeadFork: () => true,
  statusOf: () => 'finalized',
  firstSlotAboveHeight: () => undefined,
  observedBlockMs: () => 400,
};

export const BALANCES: PositionView = {
  lamports: () => PLENTY,
  tokens: () => PLENTY,
  total: () => PLENTY,
  mints: () => [POOL.mint0, POOL.mint1],
  rows: () => [],
  areWholeThrough: () => true,
  areRead: () => true,
};

export function warmBoard(): SharedBoard {
  const board = SharedBoard.create(1);
  board.setHeadSlot(SLOT);
  board.pushBlockhash({
    blockhash: NO_BLOCKHASH,
    slot: SLOT,
    blockHeight: HEIGHT,
    lastValidBlockHeight: HEIGHT + VALIDITY_BLOCKS,
  });
  board.setConfirmed(SLOT, HEIGHT);
  board.setPool(0, SLOT, 1, CpmmNumbers.of(STATE));
  board.setPoolAge(0, 0);
  return board;
}

export function landingOf(signature: Signature): TransactionUpdate {
  return {
    signature,
    slot: SLOT,
    index: 0,
    error: undefined,
    feeLamports: 0n,
    computeUnitsConsumed: undefined,
    accountKeys: [],
    preBalances: [],
    postBalances: [],
    preTokenBalances: [],
    postTokenBalances: [],
    logMessages: [],
    receivedUs: 0,
  };
}
