/** Two pools and three wallets: enough for trades to stand in each other's way. */
import { Router } from '../../src/market/router.js';
import type { PoolKeys, PoolNews, PoolSnapshot } from '../../src/market/types.js';
import { type Address, asAddress, asSlot } from '../../src/model/brands.js';
import type { Trade } from '../../src/model/trade.js';
import { AccountInterner } from '../../src/schedule/account-interner.js';
import { createLockSet, type LockSet } from '../../src/schedule/lock-set.js';

export const WALLETS: readonly Address[] = ['wallet1', 'wallet2', 'wallet3'].map(asAddress);
export const MINTS: readonly Address[] = ['mintA', 'mintB', 'mintC'].map(asAddress);

function poolOf(name: string, mint0: Address, mint1: Address): PoolKeys {
  const part = (suffix: string) => asAddress(`${name}-${suffix}`);
  return {
    pool: asAddress(name),
    venue: 'raydium-cpmm',
    programId: asAddress('program'),
    authority: asAddress('authority'),
    ammConfig: asAddress('config'),
    observation: part('observation'),
    mint0,
    mint1,
    vault0: part('vault0'),
    vault1: part('vault1'),
    tokenProgram0: asAddress('token'),
    tokenProgram1: asAddress('token'),
    decimals0: 9,
    decimals1: 6,
  };
}

const POOLS: readonly PoolKeys[] = [
  poolOf('pool1', MINTS[0]!, MINTS[1]!),
  poolOf('pool2', MINTS[0]!, MINTS[2]!),
];

export function poolKeys(pool: Address): PoolKeys | undefined {
  return POOLS.find((keys) => keys.pool === pool);
}

export function newsOf(
  pool: Address,
  slot: number,
  txnSignature?: string,
  passedSignatures: readonly string[] = [],
): Omit<PoolNews, 'numbers'> {
  return { keys: poolKeys(pool)!, slot: asSlot(slot), revision: 1, txnSignature, passedSignatures };
}

function snapshotOf(pool: Address, slot: number): PoolSnapshot {
  return {
    pool,
    venue: 'raydium-cpmm',
    slot: asSlot(slot),
    revision: 1,
    state: {
      reserve0: 1_000_000_000_000n,
      reserve1: 2_000_000_000_000n,
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
    },
  };
}

export function createRouter(nowMs: () => number, slot: () => number): Router {
  return new Router(
    { pools: () => POOLS, keysOf: poolKeys, snapshotOf: (pool) => snapshotOf(pool, slot()) },
    nowMs,
  );
}

/** What a swap locks: the wallet and its token accounts, the pool and its vaults. */
export class SimLocks {
  readonly #interner = new AccountInterner();
  readonly #sets = new Map<string, LockSet>();

  of({ pool, wallet }: Pick<Trade, 'pool' | 'wallet'>): LockSet {
    const name = `${pool} ${wallet}`;
    let set = this.#sets.get(name);
    if (set === undefined) {
      const keys = poolKeys(pool)!;
      const owned = [wallet, `${wallet}-${keys.mint0}`, `${wallet}-${keys.mint1}`];
      const venue = [pool, keys.vault0, keys.vault1];
      set = createLockSet(this.#interner, [
        ...owned.map((one) => ({ address: asAddress(one), writable: true, role: 'owned' as const })),
        ...venue.map((address) => ({ address, writable: true, role: 'venue' as const })),
      ]);
      this.#sets.set(name, set);
    }
    return set;
  }
}
