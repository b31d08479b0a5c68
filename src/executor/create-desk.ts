/** The trade desk with its ports plugged into the real stages. */

import type { Config } from '../config/config.js';
import type { AttemptTracker } from '../confirm/attempt-tracker.js';
import type { FileJournal } from '../journal/file-journal.js';
import type { TradeIndex } from '../journal/trade-index.js';
import type { DeskFault, DeskSettings } from '../lifecycle/ports.js';
import { TradeDesk } from '../lifecycle/trade-desk.js';
import type { Log } from '../logging/log.js';
import { Router } from '../market/router.js';
import type { KillSwitch } from '../risk/kill-switch.js';
import type { StopGate } from '../risk/stop-gate.js';
import { AccountInterner } from '../schedule/account-interner.js';
import { LockTable } from '../schedule/lock-table.js';
import type { ChainReader } from '../send/chain-reader.js';
import { readRpcTransaction } from '../send/rpc-transaction.js';
import type { TransactionSender } from '../send/transaction-sender.js';
import type { AttemptBuilder } from '../threads/types.js';
import type { Clock } from '../time/clock.js';
import type { Random } from '../time/random.js';
import { transactionErrorName } from '../transaction/program-errors.js';
import type { MarketData } from './market-data.js';
import type { RiskAdmission } from './risk-admission.js';
import { TradeLocks } from './trade-locks.js';

/** What MAX_CONCURRENT_TRADES=auto begins with. */
const AUTO_FIRST_LIMIT = 32;

export interface DeskParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly market: MarketData;
  readonly journal: FileJournal;
  readonly index: TradeIndex;
  readonly killSwitch: KillSwitch;
  readonly builder: AttemptBuilder;
  readonly gate: StopGate;
  readonly sender: TransactionSender;
  readonly tracker: AttemptTracker;
  readonly reader: ChainReader;
  readonly admission: RiskAdmission;
}

export function createDesk(parts: DeskParts): TradeDesk {
  const { config, clock, random, log, market, killSwitch, gate, reader, index } = parts;
  const router = new Router(market.book, () => clock.nowMs());
  const poolKeys = market.book.keysOf.bind(market.book);
  const tradeLocks = new TradeLocks(new AccountInterner(), config.LOCK_SCOPE, poolKeys);
  return new TradeDesk({
    clock,
    random,
    settings: deskSettings(config),
    slots: market.cache.slots,
    route: (question) => router.choose(question),
    poolKeys,
    locks: new LockTable(),
    lockSet: (trade) => tradeLocks.lockSet(trade),
    admission: parts.admission,
    killGrade: () => killSwitch.grade ?? 'off',
    gate: {
      stopCount: () => killSwitch.stopCount,
      admit: (signature) => gate.admit(signature),
      stoppedSince: (atMs, stopCount) => gate.stoppedSince(atMs, stopCount),
      forget: (signature) => gate.forget(signature),
    },
    builder: {
      build: (request) => {
        // The board has what was published.
        market.book.catchUp(request.pool);
        return parts.builder.build(request);
      },
    },
    journal: parts.journal,
    sender: parts.sender,
    confirmer: parts.tracker,
    simulate: (wire) => reader.simulate(wire),
    fetchTransaction: async (signature, turn) => {
      const answer = await reader.transaction(signature, turn);
      return answer === undefined ? undefined : readRpcTransaction(signature, answer, clock.monotonicUs());
    },
    errorName: (error, transaction) =>
      transactionErrorName(error, () => undefined, transaction?.logMessages) ?? 'none',
    history: {
      byId: (id) => index.get(id),
      byClientOrderId: (clientOrderId) => {
        const use = index.byClientOrderId(clientOrderId);
        return use === undefined ? undefined : index.get(use.tradeId);
      },
      knowsSignature: (signature) => index.hasSignature(signature),
    },
    onFault: (fault) => logFault(log, fault),
  });
}

export function deskSettings(config: Config): DeskSettings {
  return {
    maxAttempts: config.MAX_ATTEMPTS,
    expiryCommitment: config.EXPIRY_COMMITMENT,
    computeUnitLimit: config.COMPUTE_UNIT_LIMIT,
    computeUnitPriceMicroLamports: config.COMPUTE_UNIT_PRICE,
    priorityFeeRaisePercent: config.PRIORITY_FEE_RAISE_PERCENT,
    maxPriorityFeeLamports: config.MAX_PRIORITY_FEE_LAMPORTS,
    maxBlockhashAgeSlots: config.MAX_BLOCKHASH_AGE_SLOTS,
    maxPoolAgeSlots: config.MAX_POOL_AGE_SLOTS,
    lockRelease: config.LOCK_RELEASE,
    venueLockSlots: config.VENUE_LOCK_SLOTS,
    maxConcurrent: config.MAX_CONCURRENT_TRADES === 'auto' ? AUTO_FIRST_LIMIT : config.MAX_CONCURRENT_TRADES,
    maxQueued: config.MAX_QUEUED_TRADES,
    maxRecentTrades: config.MAX_RECENT_TRADES,
    journalDurable: config.JOURNAL_SYNC === 'always',
    mayTradeLive: config.mayTradeLive,
  };
}

function logFault(log: Log, { kind, message, tradeId, error }: DeskFault): void {
  log[kind === 'invariant' ? 'error' : 'warn'](message, { kind, tradeId, error });
}
