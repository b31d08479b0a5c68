/** Puts the ledger together: the store that the engine's events change, its read side, and the feed behind it. */
import type { EngineEvent } from '../engine/messages.js';
import { LedgerStore, type LedgerStoreOptions } from './store.js';
import type { Ledger, LedgerFeed } from './types.js';
import { type LedgerFacts, LedgerView } from './view.js';

export interface RunningLedger {
  readonly ledger: Ledger;
  readonly feed: LedgerFeed;
  readonly store: LedgerStore;
  /** Takes the engine's next event: the store first, then every subscriber in the order of subscription. */
  apply(event: EngineEvent): void;
}

export function createLedger(options: LedgerStoreOptions & LedgerFacts): RunningLedger {
  const store = new LedgerStore(options);
  const listeners = new Set<(event: EngineEvent) => void>();
  return {
    store,
    ledger: new LedgerView(store, options),
    feed: {
      subscribe(listener) {
        // Wrapped, so that subscribing one function twice gives two subscriptions.
        const entry = (event: EngineEvent) => listener(event);
        listeners.add(entry);
        return () => {
          listeners.delete(entry);
        };
      },
    },
    apply(event) {
      store.apply(event);
      for (const listener of listeners) listener(event);
    },
  };
}
