/** Which pool a trade goes to: the named one, or the configured pool of the pair that quotes best. */
import { HotslotError } from '../errors/hotslot-error.js';
import type { Address, Slot } from '../model/brands.js';
import type { SwapMode } from '../model/trade-intent.js';
import { assertTradable, quoteExactIn, quoteExactOut } from './raydium-cpmm-quote.js';
import type { PoolKeys, PoolSnapshot, Quote } from './types.js';

export interface RouteQuestion {
  readonly inputMint: Address;
  readonly outputMint: Address;
  readonly mode: SwapMode;
  readonly amount: bigint;
  readonly pool?: Address;
}

export interface Route {
  readonly keys: PoolKeys;
  readonly zeroForOne: boolean;
  readonly quote: Quote;
  /** Slot of the pool state that was quoted. */
  readonly slot: Slot;
}

/** What the router reads of the pool book. */
export interface PoolSource {
  pools(): readonly PoolKeys[];
  keysOf(pool: Address): PoolKeys | undefined;
  snapshotOf(pool: Address): PoolSnapshot | undefined;
}

export class Router {
  readonly #pools: PoolSource;
  readonly #nowMs: () => number;
  /** Pools by `mint mint`, both orders; rebuilt when the number of pools changes. */
  #byPair = new Map<string, PoolKeys[]>();
  #mints = new Set<Address>();
  #indexed = -1;

  constructor(pools: PoolSource, nowMs: () => number) {
    this.#pools = pools;
    this.#nowMs = nowMs;
  }

  /**
   * @throws HotslotError MINT_UNKNOWN, POOL_UNKNOWN, POOL_NOT_READY, POOL_DISABLED, INSUFFICIENT_LIQUIDITY: of
   *         several pools the error of the last one
   */
  choose(question: RouteQuestion): Route {
    const candidates = this.#candidates(question);
    let best: Route | undefined;
    let failure: unknown;
    for (const keys of candidates) {
      try {
        const route = this.#quote(keys, question);
        if (best === undefined || isBetter(route.quote, best.quote, question.mode)) best = route;
      } catch (error) {
        if (!(error instanceof HotslotError)) throw error;
        failure = error;
      }
    }
    if (best === undefined) throw failure;
    return best;
  }

  #candidates(question: RouteQuestion): readonly PoolKeys[] {
    this.#index();
    for (const [field, mint] of [
      ['inputMint', question.inputMint],
      ['outputMint', question.outputMint],
    ] as const) {
      if (!this.#mints.has(mint)) throw new HotslotError('MINT_UNKNOWN', { field, context: { mint } });
    }
    const ofPair = this.#byPair.get(`${question.inputMint} ${question.outputMint}`) ?? [];
    const asked = question.pool;
    const candidates = asked === undefined ? ofPair : ofPair.filter((keys) => keys.pool === asked);
    if (candidates.length === 0) {
      throw new HotslotError('POOL_UNKNOWN', {
        field: asked === undefined ? 'outputMint' : 'pool',
        context: { inputMint: question.inputMint, outputMint: question.outputMint },
      });
    }
    return candidates;
  }

  #quote(keys: PoolKeys, question: RouteQuestion): Route {
    const snapshot = this.#pools.snapshotOf(keys.pool);
    if (snapshot === undefined) throw new HotslotError('POOL_NOT_READY', { context: { pool: keys.pool } });
    assertTradable(snapshot.state, Math.floor(this.#nowMs() / 1000));
    const zeroForOne = keys.mint0 === question.inputMint;
    const compute = question.mode === 'exactIn' ? quoteExactIn : quoteExactOut;
    return {
      keys,
      zeroForOne,
      quote: compute(snapshot.state, zeroForOne, question.amount),
      slot: snapshot.slot,
    };
  }

  #index(): void {
    const pools = this.#pools.pools();
    if (pools.length === this.#indexed) return;
    this.#indexed = pools.length;
    this.#byPair = new Map();
    this.#mints = new Set();
    for (const keys of pools) {
      for (const pair of [`${keys.mint0} ${keys.mint1}`, `${keys.mint1} ${keys.mint0}`]) {
        this.#byPair.set(pair, [...(this.#byPair.get(pair) ?? []), keys]);
      }
      this.#mints.add(keys.mint0).add(keys.mint1);
    }
  }
}

function isBetter(candidate: Quote, best: Quote, mode: SwapMode): boolean {
  return mode === 'exactIn' ? candidate.amountOut > best.amountOut : candidate.amountIn < best.amountIn;
}

/**
 * The limit that binds every later quote: the intent's own, or the quote at acceptance less (plus) the tolerance.
 * Rounded against the trade being looser than asked: least output up, most input down.
 */
export function bindingLimit(
  intent: { mode: SwapMode; slippageBps: number; minOut?: bigint; maxIn?: bigint },
  quote: Quote,
): bigint {
  const bps = BigInt(intent.slippageBps);
  if (intent.mode === 'exactIn') {
    const fromQuote = (quote.amountOut * (10_000n - bps) + 9_999n) / 10_000n;
    return intent.minOut ?? fromQuote;
  }
  return intent.maxIn ?? (quote.amountIn * (10_000n + bps)) / 10_000n;
}
