/** Prepared messages by route, direction, mode and wallet, compiled at first need and kept. */
import { HotslotError } from '../errors/hotslot-error.js';
import type { PoolKeys } from '../market/types.js';
import type { Address } from '../model/brands.js';
import type { LookupTable } from '../transaction/instruction.js';
import { prepareSwap, swapTokenAccounts } from '../transaction/prepared-swap.js';
import type { BuildRoute } from './build-attempt.js';
import type { BuildRequest } from './types.js';

/** Most variants held; about 1.5 KB each. */
export const MAX_ROUTES = 65_536;

export interface Route extends BuildRoute {
  /** Names it between threads. */
  readonly id: number;
  /** The wallet's accounts that the swap reads and writes. */
  readonly inputAccount: Address;
  readonly outputAccount: Address;
}

export interface RouteBookOptions {
  /** Static accounts of a pool, or undefined where it is not followed. */
  readonly keysOf: (pool: Address) => PoolKeys | undefined;
  /** A pool's place on the board. */
  readonly indexOf: (pool: Address) => number;
  /** Whether a token account exists (processed). Where it does not, the transaction creates the output account. */
  readonly accountExists: (tokenAccount: Address) => boolean;
}

export type RouteName = Pick<BuildRequest, 'pool' | 'wallet' | 'zeroForOne' | 'mode'>;

interface Variants {
  plain: Route | undefined;
  creating: Route | undefined;
  readonly outputAccount: Address;
  readonly inputAccount: Address;
}

export class RouteBook {
  readonly #options: RouteBookOptions;
  /** Wallet, then pool, then direction and mode: no key string is made for a trade. */
  readonly #routes = new Map<Address, Map<Address, (Variants | undefined)[]>>();
  readonly #listeners: ((route: Route) => void)[] = [];
  readonly #forgottenListeners: (() => void)[] = [];
  #tables: readonly LookupTable[] = [];
  #nextId = 0;
  #count = 0;

  constructor(options: RouteBookOptions) {
    this.#options = options;
  }

  /** Called with every route that is prepared from now on, before it is first used. */
  onRoute(listener: (route: Route) => void): void {
    this.#listeners.push(listener);
  }

  /** Every route that is prepared now. */
  all(): Route[] {
    const routes: Route[] = [];
    for (const pools of this.#routes.values()) {
      for (const ways of pools.values()) {
        for (const variants of ways) {
          if (variants?.plain !== undefined) routes.push(variants.plain);
          if (variants?.creating !== undefined) routes.push(variants.creating);
        }
      }
    }
    return routes;
  }

  /** Called when every route was forgotten, since the lookup tables have changed. */
  onForgotten(listener: () => void): void {
    this.#forgottenListeners.push(listener);
  }

  /** Replaces the lookup tables; every message is compiled again at its next use. */
  setLookupTables(tables: readonly LookupTable[]): void {
    this.#tables = tables;
    this.#routes.clear();
    this.#count = 0;
    for (const listener of this.#forgottenListeners) listener();
  }

  /**
   * The route of a trade in the variant that fits now.
   * @throws HotslotError ROUTE_UNKNOWN, TRANSACTION_TOO_LARGE, TOO_MANY_ACCOUNTS
   */
  resolve(name: RouteName): Route {
    const variants = this.#variants(name);
    if (this.#options.accountExists(variants.outputAccount)) {
      variants.plain ??= this.#prepare(name, variants, false);
      return variants.plain;
    }
    variants.creating ??= this.#prepare(name, variants, true);
    return variants.creating;
  }

  #variants(name: RouteName): Variants {
    let pools = this.#routes.get(name.wallet);
    if (pools === undefined) {
      pools = new Map();
      this.#routes.set(name.wallet, pools);
    }
    let ways = pools.get(name.pool);
    if (ways === undefined) {
      ways = [];
      pools.set(name.pool, ways);
    }
    const way = (name.zeroForOne ? 1 : 0) + (name.mode === 'exactIn' ? 2 : 0);
    let variants = ways[way];
    if (variants === undefined) {
      variants = {
        plain: undefined,
        creating: undefined,
        ...swapTokenAccounts(this.#keys(name), name.wallet, name.zeroForOne),
      };
      ways[way] = variants;
    }
    return variants;
  }

  #prepare(name: RouteName, accounts: Variants, createOutputAccount: boolean): Route {
    if (this.#count >= MAX_ROUTES)
      throw new HotslotError('ROUTE_UNKNOWN', { context: { routes: this.#count } });
    const keys = this.#keys(name);
    const { pool, wallet, zeroForOne, mode } = name;
    const prepared = prepareSwap({
      keys,
      wallet,
      zeroForOne,
      mode,
      createOutputAccount,
      lookupTables: this.#tables,
    });
    const { inputAccount, outputAccount } = accounts;
    const poolIndex = this.#options.indexOf(pool);
    const route: Route = {
      id: this.#nextId++,
      prepared,
      pool,
      poolIndex,
      wallet,
      zeroForOne,
      mode,
      inputAccount,
      outputAccount,
    };
    this.#count++;
    for (const listener of this.#listeners) listener(route);
    return route;
  }

  #keys(name: RouteName): PoolKeys {
    const keys = this.#options.keysOf(name.pool);
    if (keys === undefined) throw new HotslotError('ROUTE_UNKNOWN', { context: { pool: name.pool } });
    return keys;
  }
}
