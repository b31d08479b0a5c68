/** What operators do to a running executor beside trading: locks and accounts built anew, keys changed. */
import { join } from 'node:path';
import type { Maintenance, MintListsView } from '../control/operations.js';
import type { SlippageOverride } from '../control/slippage-override.js';
import { HotslotError } from '../errors/hotslot-error.js';
import type { Keystore } from '../keys/keystore.js';
import type { Log } from '../logging/log.js';
import type { TradingWallet } from '../schedule/wallet-chooser.js';
import { readOutOfJournal } from '../threads/read-out-of-journal.js';
import type { Clock } from '../time/clock.js';
import type { Executor } from './executor.js';

/** How long `restart:accounts` waits for the chain's answer; after it, the reading goes on by itself. */
const REFETCH_WAIT_MS = 5_000;
const POLL_MS = 20;
const PERCENT_IN_BPS = 100;
/** How often retiring keys are looked at. */
const RETIRE_CHECK_MS = 500;

export interface MaintenanceOptions {
  readonly executor: Executor;
  readonly openKeystore: () => Promise<Keystore>;
  readonly slippage: SlippageOverride;
  readonly clock: Clock;
  readonly log: Log;
}

/** @returns the operations, and what ends their timers */
export function openMaintenance(options: MaintenanceOptions): Maintenance & { close(): void } {
  const { executor, clock, log } = options;
  const { keys, desk } = executor;
  const timer = clock.every(RETIRE_CHECK_MS, () => {
    for (const wallet of keys.dropFinished((address) => desk.liveTradesOf(address)))
      log.info('a retired key was unloaded', { ...wallet });
  });
  return {
    restartAccounts: () => restartAccounts(options),
    keys: () => keysView(executor),
    reloadKeys: () => reloadKeys(options),
    reloadMintLists: () => reloadMintLists(executor),
    overrideSlippage: (percent, forMs) => overrideSlippage(options, percent, forMs),
    close: () => timer.cancel(),
  };
}

async function reloadMintLists({ risk: { lists } }: Executor): Promise<MintListsView> {
  await lists.reload();
  const { deny = null, allow = null } = lists.state();
  return { deny, allow, fault: lists.fault ?? null };
}

async function restartAccounts({ executor, clock, log }: MaintenanceOptions) {
  const { desk, market, config } = executor;
  const journalled = await readOutOfJournal(join(config.DATA_DIR, 'journal'));
  // By trade, whatever its state is by now: what was out when the journal was read may have ended since.
  const strayAttempts = journalled
    .filter(({ id, signature }) => !desk.get(id)?.attempts.some((one) => one.signature === signature))
    .map(({ signature }) => signature);
  const liveAttempts = desk.liveAttempts().length;
  const locks = desk.rebuildLocks();
  market.cache.refetchAll();
  const startedUs = clock.monotonicUs();
  while (market.cache.suspectCount > 0 && (clock.monotonicUs() - startedUs) / 1_000 < REFETCH_WAIT_MS)
    await new Promise<void>((resolve) => clock.after(POLL_MS, resolve));
  const refetched = market.cache.suspectCount === 0;
  const accounts = { tracked: market.cache.trackedCount, refetched };
  const result = { locks, accounts, liveAttempts, strayAttempts };
  log[strayAttempts.length === 0 && refetched ? 'info' : 'warn']('accounts were restarted', result);
  return result;
}

async function reloadKeys({ executor, openKeystore, log }: MaintenanceOptions) {
  const { keys, market, risk } = executor;
  const keystore = await openKeystore();
  try {
    const { added, retiring } = keys.reload(keystore);
    if (added.length > 0) {
      const holdings = market.holdingsOf(added.map((wallet) => wallet.address));
      risk.positions.add(
        added.map((wallet) => wallet.address),
        holdings,
      );
      market.addWallets(holdings, added);
    }
    log.info('keys were loaded anew', { added, retiring });
    return { added, retiring, ...keysView(executor) };
  } finally {
    keystore.close();
  }
}

function keysView({ keys, desk }: Executor) {
  const view = (state: 'active' | 'retiring') => (wallet: TradingWallet) => ({
    ...wallet,
    state,
    liveTrades: desk.liveTradesOf(wallet.address),
  });
  return { keys: [...keys.wallets.map(view('active')), ...keys.retiring().map(view('retiring'))] };
}

function overrideSlippage(
  { executor, slippage, log }: MaintenanceOptions,
  percent: number,
  forMs: number,
): number {
  const limitBps = executor.config.MAX_SLIPPAGE_BPS;
  if (percent * PERCENT_IN_BPS > limitBps) {
    throw new HotslotError('RISK_LIMIT', {
      detail: 'MAX_SLIPPAGE_BPS would refuse every trade with it.',
      context: { percent, limitBps },
    });
  }
  const untilMs = slippage.set(percent, forMs);
  log.warn('another default slippage counts for a time', { percent, until: new Date(untilMs).toISOString() });
  return untilMs;
}
