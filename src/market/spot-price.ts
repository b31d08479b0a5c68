/** What one whole token is worth by the pools that are kept hot: the middle price, without fee and impact. */
import type { Address, Slot } from '../model/brands.js';
import type { PoolSource } from './router.js';
import type { PoolKeys, PoolSnapshot } from './types.js';

export interface SpotPrice {
  /** Whole units of the quote mint for one whole token: a decimal number, SIGNIFICANT_DIGITS long. */
  readonly price: string;
  readonly quoteMint: Address;
  readonly pool: Address;
  readonly venue: string;
  /** Of the pool state. */
  readonly slot: Slot;
}

export const SIGNIFICANT_DIGITS = 15;

/**
 * The price in the deepest pool of the mint with the quote mint; where there is none, in its deepest pool of all, and
 * then the quote mint is that pool's other one. Undefined without a pool that is known whole.
 * @param candidates the pools that trade the mint
 */
export function spotPrice(
  pools: Pick<PoolSource, 'snapshotOf'>,
  candidates: readonly PoolKeys[],
  mint: Address,
  quoteMint: Address,
): SpotPrice | undefined {
  let best: { side: Side; inQuote: boolean } | undefined;
  for (const keys of candidates) {
    const side = sideOf(pools.snapshotOf(keys.pool), keys, mint);
    if (side === undefined) continue;
    const inQuote = side.otherMint === quoteMint;
    const isBetter =
      best === undefined || inQuote !== best.inQuote
        ? inQuote || best === undefined
        : side.held > best.side.held;
    if (isBetter) best = { side, inQuote };
  }
  return best === undefined ? undefined : priceOf(best.side);
}

interface Side {
  readonly snapshot: PoolSnapshot;
  readonly otherMint: Address;
  /** Base units of the mint in the pool. */
  readonly held: bigint;
  readonly other: bigint;
  readonly decimals: number;
  readonly otherDecimals: number;
}

function sideOf(snapshot: PoolSnapshot | undefined, keys: PoolKeys, mint: Address): Side | undefined {
  if (snapshot === undefined) return undefined;
  const { reserve0, reserve1 } = snapshot.state;
  if (reserve0 === 0n || reserve1 === 0n) return undefined;
  const is0 = keys.mint0 === mint;
  return {
    snapshot,
    otherMint: is0 ? keys.mint1 : keys.mint0,
    held: is0 ? reserve0 : reserve1,
    other: is0 ? reserve1 : reserve0,
    decimals: is0 ? keys.decimals0 : keys.decimals1,
    otherDecimals: is0 ? keys.decimals1 : keys.decimals0,
  };
}

function priceOf({ snapshot, otherMint, held, other, decimals, otherDecimals }: Side): SpotPrice {
  const { pool, venue, slot } = snapshot;
  const numerator = other * 10n ** BigInt(decimals);
  const denominator = held * 10n ** BigInt(otherDecimals);
  return { price: decimalOf(numerator, denominator), quoteMint: otherMint, pool, venue, slot };
}

/** A positive fraction as a decimal number without an exponent, rounded down. */
export function decimalOf(numerator: bigint, denominator: bigint): string {
  const whole = numerator / denominator;
  let rest = numerator % denominator;
  let digits = whole === 0n ? 0 : whole.toString().length;
  let fraction = '';
  while (rest > 0n && digits < SIGNIFICANT_DIGITS) {
    rest *= 10n;
    const digit = rest / denominator;
    rest %= denominator;
    fraction += digit.toString();
    if (digits > 0 || digit > 0n) digits += 1;
  }
  fraction = fraction.replace(/0+$/, '');
  return fraction === '' ? whole.toString() : `${whole}.${fraction}`;
}
