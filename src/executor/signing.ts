/** Keys, routes and the attempt builder over them. */
import type { Config } from '../config/config.js';
import type { AdaptiveBuilder } from '../threads/adaptive-builder.js';
import { createAttemptBuilder } from '../threads/create-builder.js';
import type { KeyRing } from '../threads/key-ring.js';
import { RouteBook } from '../threads/route-book.js';
import type { Clock } from '../time/clock.js';
import type { Endpoints } from './endpoints.js';
import type { MarketData } from './market-data.js';

export interface SigningParts {
  readonly config: Config;
  readonly endpoints: Endpoints;
  readonly clock: Clock;
  readonly market: MarketData;
  readonly keys: KeyRing;
  /** Trades that are about to be built; a burst seen before its members arrive. */
  readonly queueDepth: () => number;
}

export function startBuilder(parts: SigningParts): { builder: AdaptiveBuilder; routes: RouteBook } {
  const { config, endpoints, clock, market, keys, queueDepth } = parts;
  const routes = new RouteBook({
    keysOf: (pool) => market.book.keysOf(pool),
    indexOf: (pool) => market.feed.indexOf(pool),
    accountExists: (account) => (market.cache.get(account)?.lamports ?? 0n) > 0n,
  });
  keepLookupTables(routes, market, endpoints);
  const builder = createAttemptBuilder({
    mode: config.SIGNING,
    board: market.board,
    routes,
    keys,
    clock,
    queueDepth,
    ...(config.WORKERS === undefined ? {} : { workers: config.WORKERS }),
  });
  return { builder, routes };
}

/** Messages are compiled against tables whose confirmed state is known; a change compiles them anew. */
function keepLookupTables(routes: RouteBook, market: MarketData, endpoints: Endpoints): void {
  let shape = '';
  market.cache.addListener({
    onConfirmed: () => {
      const tables = endpoints.lookupTables.flatMap(
        (address) => market.cache.lookupTables.usable(address) ?? [],
      );
      const now = tables.map((table) => `${table.address}:${table.addresses.length}`).join(' ');
      if (now === shape) return;
      shape = now;
      routes.setLookupTables(tables);
    },
  });
}
