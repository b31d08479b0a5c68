/**
 * A constant-product pool as the ledger holds it now. Offsets: raydium-cp-swap `states/pool.rs` and
 * `states/config.rs`; Token-2022's TransferFeeConfig lies in the mint's type-length-value list.
 */
import { TOKEN_2022_PROGRAM } from '../genesis/addresses.js';
import type { GenesisPool } from '../genesis/types.js';
import type { Ledger } from '../ledger/types.js';

const POOL = {
  status: 329,
  decimals0: 331,
  decimals1: 332,
  /** Protocol fees, then fund fees, then (after padding) creator fees: each of token 0 and token 1. */
  fees0: [341, 357, 397],
  fees1: [349, 365, 405],
  openTime: 373,
  creatorFeeOn: 389,
  creatorFeeEnabled: 390,
} as const;
const POOL_BYTES = 637;
const CONFIG_TRADE_FEE = 12;
const CONFIG_CREATOR_FEE = 108;
const CONFIG_BYTES = 236;
const TOKEN_AMOUNT = 64;
const TOKEN_BYTES = 72;
const SWAP_DISABLED = 4;

const EXTENSIONS_START = 166;
const TRANSFER_FEE_CONFIG = 1;
const TRANSFER_FEE_CONFIG_BYTES = 108;
const OLDER_FEE = 72;
const NEWER_FEE = 90;

export interface TokenSide {
  readonly mint: string;
  readonly decimals: number;
  /** Base units in the vault less all fees owed. */
  readonly reserve: bigint;
  /** The mint's transfer fee in force: basis points, and the most a transfer pays. */
  readonly feeBps: bigint;
  readonly maxFee: bigint;
}

export interface PoolNow {
  readonly address: string;
  readonly sides: readonly [TokenSide, TokenSide];
  /** Millionths of the amount. */
  readonly tradeFeeRate: bigint;
  /** 0 where the pool's creator takes nothing. */
  readonly creatorFeeRate: bigint;
  /** 0: of the input, 1: of token 0, 2: of token 1. */
  readonly creatorFeeOn: number;
}

/** Undefined where a part is missing, swaps are disabled, it is not open yet, or a side is empty. */
export function readPool(ledger: Ledger, pool: GenesisPool, nowSeconds: number): PoolNow | undefined {
  const state = bytes(ledger, pool.address, POOL_BYTES);
  const config = bytes(ledger, pool.ammConfig, CONFIG_BYTES);
  if (state === undefined || config === undefined) return undefined;
  if ((state.getUint8(POOL.status) & SWAP_DISABLED) !== 0) return undefined;
  if (state.getBigUint64(POOL.openTime, true) > BigInt(Math.floor(nowSeconds))) return undefined;
  const owed = (offsets: readonly number[]) =>
    offsets.reduce((sum, offset) => sum + state.getBigUint64(offset, true), 0n);
  const side0 = readSide(ledger, pool.token0Mint, pool.token0Vault, state.getUint8(POOL.decimals0));
  const side1 = readSide(ledger, pool.token1Mint, pool.token1Vault, state.getUint8(POOL.decimals1));
  if (side0 === undefined || side1 === undefined) return undefined;
  const sides = [
    { ...side0, reserve: side0.reserve - owed(POOL.fees0) },
    { ...side1, reserve: side1.reserve - owed(POOL.fees1) },
  ] as const;
  if (sides[0].reserve <= 0n || sides[1].reserve <= 0n) return undefined;
  const takesCreatorFee = state.getUint8(POOL.creatorFeeEnabled) !== 0;
  return {
    address: pool.address,
    sides,
    tradeFeeRate: config.getBigUint64(CONFIG_TRADE_FEE, true),
    creatorFeeRate: takesCreatorFee ? config.getBigUint64(CONFIG_CREATOR_FEE, true) : 0n,
    creatorFeeOn: state.getUint8(POOL.creatorFeeOn),
  };
}

function readSide(ledger: Ledger, mint: string, vault: string, decimals: number): TokenSide | undefined {
  const token = bytes(ledger, vault, TOKEN_BYTES);
  if (token === undefined) return undefined;
  return { mint, decimals, reserve: token.getBigUint64(TOKEN_AMOUNT, true), ...transferFee(ledger, mint) };
}

function transferFee(ledger: Ledger, mint: string): Pick<TokenSide, 'feeBps' | 'maxFee'> {
  const none = { feeBps: 0n, maxFee: 0n };
  const view = bytes(ledger, mint, EXTENSIONS_START);
  if (view === undefined || ledger.account(mint, 'processed')?.account.owner !== TOKEN_2022_PROGRAM)
    return none;
  for (let at = EXTENSIONS_START; at + 4 <= view.byteLength; ) {
    const type = view.getUint16(at, true);
    const length = view.getUint16(at + 2, true);
    const value = at + 4;
    if (type === 0) break;
    if (
      type === TRANSFER_FEE_CONFIG &&
      length === TRANSFER_FEE_CONFIG_BYTES &&
      value + length <= view.byteLength
    ) {
      const epoch = BigInt(Math.floor(ledger.slot('processed') / ledger.slotsPerEpoch()));
      const isNewer = epoch >= view.getBigUint64(value + NEWER_FEE, true);
      const fee = value + (isNewer ? NEWER_FEE : OLDER_FEE);
      return { maxFee: view.getBigUint64(fee + 8, true), feeBps: BigInt(view.getUint16(fee + 16, true)) };
    }
    at = value + length;
  }
  return none;
}

/** The account's bytes where it has at least so many. */
function bytes(ledger: Ledger, address: string, atLeast: number): DataView | undefined {
  const data = ledger.account(address, 'processed')?.account.data;
  if (data === undefined || data.length < atLeast) return undefined;
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}
