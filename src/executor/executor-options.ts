/** What an executor is started with. */
import type { Config } from '../config/config.js';
import type { Keystore } from '../keys/keystore.js';
import type { Log, LogState } from '../logging/log.js';
import type { KillSwitch } from '../risk/kill-switch.js';
import type { Clock } from '../time/clock.js';
import type { Random } from '../time/random.js';
import type { Endpoints } from './endpoints.js';
import type { MarketData } from './market-data.js';

export interface ExecutorOptions {
  readonly config: Config;
  readonly endpoints: Endpoints;
  /** One that is still being opened is waited for when its keys are needed. */
  readonly keystore: Keystore | Promise<Keystore>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** How the writing of the log goes, for health. */
  readonly logState?: () => LogState;
  /** Absent: the one in DATA_DIR is opened. */
  readonly killSwitch?: KillSwitch;
  /**
   * With the stream begun, this is waited for before DATA_DIR is touched: another executor may still be at work on
   * it.
   */
  readonly whenWarm?: (market: MarketData) => Promise<void>;
}
