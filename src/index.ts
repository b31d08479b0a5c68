/**
 * The package's entry for programs that run an executor in their own process. The commands and the control plane are
 * not here: they belong to the process that `npm run start:trading` starts.
 *
 * ```ts
 * import { endpointsOf, loadConfig, openKeystore, openLog, startExecutor, systemClock, systemRandom } from 'hotslot';
 *
 * const config = loadConfig(process.env);
 * const executor = await startExecutor({
 *   config,
 *   endpoints: endpointsOf(config, undefined),
 *   keystore: await openKeystore({ keystore: 'keys.json', passphrase: 'keys.pass' }),
 *   clock: systemClock,
 *   random: systemRandom,
 *   log: openLog({ directory: 'logs', level: 'info' }).log,
 * });
 * const trade = executor.desk.submit(parseTradeRequest(request, defaults), systemClock.monotonicUs());
 * await executor.close();
 * ```
 *
 * Whoever starts an executor this way holds its data directory (`holdDataDir`), so that no second one writes its journal.
 */

/** Settings from an environment; throws CONFIG_INVALID with every fault at once. */
export { type Config, type ConfigFault, configFaults, loadConfig, type Settings } from './config/config.js';
/** A request as clients write it, checked field by field, to an intent. */
export { type IntentDefaults, parseTradeRequest, type TradeRequest } from './control/trade-request.js';
/** Keys from the encrypted keystore and its passphrase file; throws KEYSTORE_INVALID. */
export { openKeystore } from './embedded/embedded-keys.js';
/** Every coded error, with its sentence and its HTTP status. */
export { ERROR_CODES, type ErrorCode } from './errors/codes.js';
export { HotslotError } from './errors/hotslot-error.js';
/** Where the chain is: as configured, or as an embedded cluster said. */
export { type Endpoints, endpointsOf } from './executor/endpoints.js';
/** Wires all stages, takes up the journal's trades, and gives them to whoever shows or steers them. */
export { type Executor, startExecutor } from './executor/executor.js';
export type { ExecutorOptions } from './executor/executor-options.js';
/** One executor a data directory; throws DATA_DIR_HELD. */
export { type HeldDataDir, holdDataDir } from './journal/data-dir.js';
export type { Keystore } from './keys/keystore.js';
export { type Log, openLog } from './logging/log.js';
export type {
  Address,
  BlockHeight,
  Blockhash,
  Commitment,
  Signature,
  Slot,
  TradeId,
} from './model/brands.js';
/** A trade, its attempts, and the evidence behind each of its states. */
export type {
  Attempt,
  Denial,
  Evidence,
  StageTimes,
  StateChange,
  Trade,
  TradeOutcome,
} from './model/trade.js';
export type { SwapMode, TradeIntent } from './model/trade-intent.js';
export { TERMINAL_STATES, TRADE_STATES, TRADE_TRANSITIONS, type TradeState } from './model/trade-state.js';
/** Time and chance, which every stage gets from outside. */
export { type Clock, systemClock } from './time/clock.js';
export { type Random, systemRandom } from './time/random.js';
/** The version in package.json. */
export { VERSION } from './version.js';
