/**
 * What the names of a keystore mean. `trading-key-1` trades; while it is rotated its successor is
 * `next-trading-key-1` and, once that has taken the name, the old one is `retiring-trading-key-1` until its last
 * trade is over and it is drained; then it is kept as `retired-trading-key-1-1`, should something still come in.
 */

export const MASTER_KEY = 'master';
const TRADING = 'trading-key-';
const NEXT = 'next-';
const RETIRING = 'retiring-';
const RETIRED = 'retired-';

export type KeyRole = 'trading' | 'master' | 'next' | 'retiring' | 'retired' | 'other';

export const isTradingName = (name: string): boolean => name.startsWith(TRADING);
export const isRetiringName = (name: string): boolean => name.startsWith(RETIRING);

export const nextName = (name: string): string => NEXT + name;
export const retiringName = (name: string): string => RETIRING + name;

/** The first of its names that is free. */
export function retiredName(name: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const candidate = `${RETIRED}${name}-${number}`;
    if (!taken.has(candidate)) return candidate;
  }
}

export function roleOf(name: string): KeyRole {
  if (isTradingName(name)) return 'trading';
  if (name === MASTER_KEY) return 'master';
  if (name.startsWith(NEXT)) return 'next';
  if (isRetiringName(name)) return 'retiring';
  return name.startsWith(RETIRED) ? 'retired' : 'other';
}

const names = new Intl.Collator('en', { numeric: true });

/** The order of lists: the master key first, the others by name, numbers by their value. */
export function byKeyName(one: { readonly name: string }, other: { readonly name: string }): number {
  const masters = Number(other.name === MASTER_KEY) - Number(one.name === MASTER_KEY);
  return masters === 0 ? names.compare(one.name, other.name) : masters;
}
