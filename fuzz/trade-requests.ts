/** Trade requests: valid ones, and valid ones with something wrong in them. */
import type { Seeded } from '../drill/seeded.js';
import type { Surroundings } from './surroundings.js';
import { brokenText, hostileValue, mutated, stringify } from './values.js';

/** Shares of requests that are left as they are, changed as values, and broken as text. */
const VALID_SHARE = 0.06;
const CHANGED_SHARE = 0.8;
/** Most base units of a valid one: small, so that a million of them do not empty a wallet. */
const MOST_AMOUNT = 50_000;

export function tradeRequest(random: Seeded, surroundings: Surroundings, index: number): Buffer {
  const request = validTrade(random, surroundings, index);
  const draw = random.next();
  if (draw < VALID_SHARE) return Buffer.from(stringify(request));
  if (draw < CHANGED_SHARE) {
    // One field of its own type's wrong values tells more than noise all over.
    if (random.chance(0.5)) {
      const field = random.pick(Object.keys(request));
      return Buffer.from(stringify({ ...request, [field]: hostileValue(random) }));
    }
    return Buffer.from(stringify(mutated(request, random)));
  }
  return Buffer.from(brokenText(stringify(request), random));
}

export function validTrade(random: Seeded, surroundings: Surroundings, index: number): object {
  const pool = random.pick(surroundings.pools);
  const isForward = random.chance(0.5);
  const mode = random.chance(0.7) ? 'exactIn' : 'exactOut';
  const maybe = <Value>(share: number, value: Value) => (random.chance(share) ? value : undefined);
  return {
    // A few names come twice, for another trade.
    clientOrderId: `fuzz-${random.chance(0.02) ? index % 7 : index}-${surroundings.run}`,
    inputMint: isForward ? pool.token0Mint : pool.token1Mint,
    outputMint: isForward ? pool.token1Mint : pool.token0Mint,
    amount: String(random.between(1, MOST_AMOUNT)),
    mode,
    slippageBps: maybe(0.8, random.between(0, 1_000)),
    minOut: maybe(mode === 'exactIn' ? 0.1 : 0.01, '1'),
    maxIn: maybe(mode === 'exactOut' ? 0.1 : 0.01, '18446744073709551615'),
    wallet: maybe(0.3, random.pick(surroundings.wallets)),
    pool: maybe(0.5, pool.address),
    priority: maybe(0.3, random.between(0, 9)),
    deadlineMs: maybe(0.5, random.between(1, 20_000)),
    validityBlocks: maybe(0.3, random.between(1, 150)),
    dryRun: maybe(0.5, random.chance(0.7)),
  };
}
