/** The running executor's keys, as commands that change them see it. */
import { join } from 'node:path';
import type { Config } from '../config/config.js';
import { isDataDirHeld } from '../journal/data-dir.js';
import { readJournal } from '../journal/read-journal.js';
import { liveTrades } from '../journal/replayed-state.js';
import type { Address } from '../model/brands.js';
import { ControlError, controlClient } from './control-client.js';
import type { Environment } from './environment.js';

const POLL_MS = 250;

export interface KeyInUse {
  readonly name: string;
  readonly address: string;
  readonly state: 'active' | 'retiring';
  readonly liveTrades: number;
}

/** Undefined where no executor runs. @throws ControlError where one runs and does not answer, or refuses */
export async function keysInUse(
  environment: Environment,
  config: Config,
): Promise<readonly KeyInUse[] | undefined> {
  return unlessAbsent(config, async () => {
    const answer = await controlClient(environment).get('/api/keys');
    return (answer as { keys: readonly KeyInUse[] }).keys;
  });
}

export async function reloadExecutorKeys(environment: Environment, config: Config): Promise<void> {
  await unlessAbsent(config, () => controlClient(environment).post('/api/keys/reload'));
}

/** Waits, at most so long, until no trade of a wallet is live: in the executor, or in the journal where none runs. */
export async function waitForLastTrade(
  environment: Environment,
  config: Config,
  wallet: Address,
  waitMs: number,
): Promise<boolean> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const keys = await keysInUse(environment, config);
    // Without an executor nobody brings a live trade to its end: there is nothing to wait for.
    if (keys === undefined) return !hasLiveTrade(config, wallet);
    const isOver = keys.every(
      (key) => key.address !== wallet || (key.state === 'retiring' && key.liveTrades === 0),
    );
    if (isOver || performance.now() > deadline) return isOver;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function hasLiveTrade(config: Config, wallet: Address): boolean {
  const { trades } = readJournal(join(config.DATA_DIR, 'journal'));
  return liveTrades(trades.values()).some((trade) => trade.wallet === wallet);
}

/** No answer means that none runs only where nobody holds the data directory either. */
async function unlessAbsent<T>(config: Config, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    const isSilent = error instanceof ControlError && error.status === undefined;
    if (!isSilent || (await isDataDirHeld(config.DATA_DIR))) throw error;
    return undefined;
  }
}
