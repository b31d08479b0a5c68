/** After a start on a damaged journal: the wallets in doubt are settled by what the chain shows. */
import { LostAttemptSearch } from '../confirm/lost-attempts.js';
import type { FileJournal } from '../journal/file-journal.js';
import type { ReplayedState } from '../journal/replayed-state.js';
import { writeSettled } from '../journal/settled-damage.js';
import type { TradeIndex } from '../journal/trade-index.js';
import type { TradeDesk } from '../lifecycle/trade-desk.js';
import type { Log } from '../logging/log.js';
import type { Signature } from '../model/brands.js';
import type { RpcPool } from '../send/rpc-pool.js';
import type { Clock } from '../time/clock.js';
import type { MarketData } from './market-data.js';
import { NodeWalletHistory } from './wallet-history.js';

export interface LostAttemptParts {
  readonly replayed: ReplayedState;
  readonly desk: TradeDesk;
  readonly journal: FileJournal;
  readonly market: MarketData;
  readonly rpc: RpcPool;
  readonly clock: Clock;
  readonly log: Log;
  readonly index: TradeIndex;
}

export function searchLostAttempts(parts: LostAttemptParts): { close(): void } {
  const { replayed, desk, journal, market, rpc, clock, log, index } = parts;
  if (!replayed.suspect) return { close: () => undefined };
  const wallets = [...desk.inDoubt.doubtful().keys()];
  if (wallets.length > 0)
    log.warn('wallets are held until the chain shows what the journal lost', { wallets });
  return new LostAttemptSearch({
    clock,
    slots: market.cache.slots,
    trades: desk.inDoubt,
    history: new NodeWalletHistory({ rpc, keysOf: (pool) => market.book.keysOf(pool), clock }),
    isKnown: (signature) => desk.knowsSignature(signature) || isOfAnother(signature, desk, index),
    onSettled: () => {
      log.info('what the journal lost is settled', { wallets });
      // What cannot be read is not known to be settled: it may be readable at the next start.
      if (replayed.isUnreadable) return;
      if (!writeSettled(journal, replayed.faults, clock.nowMs()))
        log.warn(
          'it could not be written down that the journal is settled; the next start searches once more',
        );
    },
    onFault: (wallet, error) =>
      log.warn("a wallet's history could not be searched; trying on", { wallet, error }),
  });
}

/** The index may remember an attempt that the journal has lost; that does not make it known. */
function isOfAnother(signature: Signature, desk: TradeDesk, index: TradeIndex): boolean {
  const trade = index.bySignature(signature);
  return trade !== undefined && !desk.inDoubt.has(trade.id);
}
