import { type Address, asAddress } from '../model/brands.js';
import type { TransactionUpdate } from '../stream/types.js';

/** Wrapped SOL's mint; here it stands for SOL in every form. */
export const SOL_MINT: Address = asAddress('So11111111111111111111111111111111111111112');

/** Base units by mint; SOL_MINT counts lamports in every form. */
export type MintAmounts = Map<Address, bigint>;

function add(amounts: MintAmounts, mint: Address, delta: bigint): void {
  if (delta !== 0n) amounts.set(mint, (amounts.get(mint) ?? 0n) + delta);
}

/**
 * What a transaction changed for one wallet. SOL is the change in lamports of the wallet's account and of
 * its token accounts: so wrapping, unwrapping, and the rent of an account of its own cost nothing, and fees
 * and tips, of failed transactions too, are in it.
 */
export function balanceChanges(transaction: TransactionUpdate, wallet: Address): MintAmounts {
  const changes: MintAmounts = new Map();
  const own = new Set<number>();
  const walletIndex = transaction.accountKeys.indexOf(wallet);
  if (walletIndex >= 0) own.add(walletIndex);
  for (const [balances, sign] of [
    [transaction.preTokenBalances, -1n],
    [transaction.postTokenBalances, 1n],
  ] as const) {
    for (const balance of balances) {
      if (balance.owner !== wallet) continue;
      own.add(balance.accountIndex);
      // A wrapped-SOL account's tokens are its lamports, which are counted below.
      if (balance.mint !== SOL_MINT) add(changes, balance.mint, sign * balance.amount);
    }
  }
  for (const index of own) {
    const before = transaction.preBalances[index] ?? 0n;
    const after = transaction.postBalances[index] ?? 0n;
    add(changes, SOL_MINT, after - before);
  }
  for (const [mint, delta] of changes) if (delta === 0n) changes.delete(mint);
  return changes;
}
