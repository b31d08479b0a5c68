/** The process: reads its settings, wires the stages in the order in which data flows, and ends them in reverse. */
import type { Config } from './config/config.js';
import { type ControlPlane, listenForOperators } from './control/listen.js';
import { Live } from './control/live.js';
import type { Operations } from './control/operations.js';
import { SlippageOverride } from './control/slippage-override.js';
import { startDemonstration } from './embedded/demonstration.js';
import { showTerminal } from './embedded/terminal.js';
import { HotslotError } from './errors/hotslot-error.js';
import { drain } from './executor/drain.js';
import { endpointsOf } from './executor/endpoints.js';
import { type Executor, startExecutor } from './executor/executor.js';
import { executorOperations } from './executor/executor-operations.js';
import type { ExecutorOptions } from './executor/executor-options.js';
import { alertSource, killSwitchSource, liveSources } from './executor/live-sources.js';
import { openMaintenance } from './executor/maintenance.js';
import { openKillSwitch } from './executor/open-kill-switch.js';
import { OperationsInForce, startingOperations } from './executor/starting-operations.js';
import { terminalFacts } from './executor/terminal-facts.js';
import { ending, endLocalnet, type FirstSteps, openKeys } from './first-steps.js';
import type { HeldDataDir } from './journal/data-dir.js';
import { describeError, type Log, type LogState, openLog } from './logging/log.js';
import { LogRoller } from './logging/roll-log.js';
import type { MemorySignal } from './memory-signal.js';
import { takeOverDataDir } from './take-over.js';
import { systemClock } from './time/clock.js';
import { systemRandom } from './time/random.js';

const DEMONSTRATION_RATE = 8;
/** A successor gives up before it has disturbed anything where no market comes in this time. */
const WARM_UP_MS = 30_000;
/** And it listens at the latest this long after it took over. */
const READY_WAIT_MS = 5_000;
const POLL_MS = 10;
/** How often it is tried to say in `run.json` where the executor is, while the disk does not take it. */
const ANNOUNCE_AGAIN_MS = 1_000;

/** An endpoint that has not answered by then is told on the terminal too. */
const SAY_WAITING_MS = 1_500;

/** The stages' timers keep no process alive, and until the control plane listens nothing else does. */
const HOLD_MS = 60_000;

/** Ends what has been started so far, newest first. */
const cleanUps: (() => Promise<void> | void)[] = [];
/** Aborted when what is out is not waited for any more. */
const draining = new AbortController();
let isDraining = false;
let running: Executor | undefined;

/**
 * Runs until a signal ends it; a fault at the start is told on standard error and ends it with code 1.
 * @param firstSteps what was begun while this was loaded
 */
export async function runExecutor(
  memorySignal: MemorySignal,
  firstSteps: Promise<FirstSteps>,
): Promise<void> {
  const hold = setInterval(() => undefined, HOLD_MS);
  try {
    await start(memorySignal, await firstSteps);
  } catch (error) {
    if (!ending.signal.aborted) process.stderr.write(`${describeError(error)}\n`);
    await end(undefined, 1);
  } finally {
    clearInterval(hold);
  }
}

async function start(memorySignal: MemorySignal, firstSteps: FirstSteps): Promise<void> {
  if (ending.signal.aborted) return;
  const { config, startedAtMs, isSuccessor, isDemo } = firstSteps;
  let { held } = firstSteps;
  cleanUps.push(
    () => held?.release(),
    () => endLocalnet(firstSteps.localnet),
  );
  const { log, close, reopen, state } = openLog({ directory: config.LOG_DIR, level: config.LOG_LEVEL });
  cleanUps.push(close);
  memorySignal.logTo(log);
  process.on('SIGINT', () => void end(log, 0));
  process.on('SIGTERM', () => void drainAndEnd(log));
  firstSteps.releaseSignals();
  const begun: Begun = {
    ...firstSteps,
    log,
    live: new Live({ clock: systemClock }),
    logState: state,
    slippage: new SlippageOverride(systemClock),
  };
  const takeOver = async () => {
    held = await takeOverDataDir(config.DATA_DIR, log);
  };
  const { executor, plane } = isSuccessor
    ? await startAsSuccessor(begun, takeOver)
    : await startAlone(begun, (started) => announce(held, startedAtMs, started, log));
  announce(held, startedAtMs, plane, log);
  rollLogs(config, log, reopen);
  // Nothing is taken any more once the stages begin to end.
  cleanUps.push(() => plane.close());
  log.info('started', { pid: process.pid, controlUrl: plane.controlUrl, embedded: config.embedded });
  if (isDemo && config.embedded) demonstrate(config, executor, log);
  cleanUps.push(showTerminal(() => terminalFacts(executor, plane.controlUrl), process.stdout, systemClock));
}

/** What both ways of starting begin with. */
interface Begun extends FirstSteps {
  readonly log: Log;
  readonly live: Live;
  readonly logState: () => LogState;
  readonly slippage: SlippageOverride;
}

interface Started {
  readonly executor: Executor;
  readonly plane: ControlPlane;
}

/**
 * It listens before there is anything to trade on: an endpoint that cannot be reached is to be seen, and a stop is to
 * be heard, from the first moment.
 */
async function startAlone(begun: Begun, onListening: (plane: ControlPlane) => void): Promise<Started> {
  const { config, startedAtMs, log, live } = begun;
  const killSwitch = openKillSwitch(config, systemClock);
  live.followKillSwitch(killSwitchSource(killSwitch));
  const operations = new OperationsInForce(
    startingOperations({ config, killSwitch, startedAtMs, clock: systemClock }),
  );
  const plane = await listenForOperators({
    config,
    operations: operations.relay,
    clock: systemClock,
    log,
    live,
    startedAtMs,
  });
  cleanUps.push(() => plane.close());
  onListening(plane);
  const waiting = systemClock.after(SAY_WAITING_MS, () => sayWaiting(config, plane));
  cleanUps.push(() => waiting.cancel());
  const executor = await startStages(begun, { killSwitch });
  waiting.cancel();
  operations.replace(operationsOf(executor, begun));
  live.followExecutor(liveSources(executor));
  live.followAlerts(alertSource(executor.watch.alerts));
  return { executor, plane };
}

function sayWaiting(config: Config, plane: ControlPlane): void {
  if (config.embedded) return;
  const hosts = config.RPC_ENDPOINTS.map((url) => new URL(url).host).join(', ');
  process.stdout.write(`No answer from RPC yet (${hosts}), asking on: ${plane.controlUrl}/health\n`);
}

/** It warms up beside the executor that runs, takes over from it, settles what that one left, and then listens. */
async function startAsSuccessor(begun: Begun, takeOver: () => Promise<void>): Promise<Started> {
  const { config, startedAtMs, log, live } = begun;
  const executor = await startStages(begun, {
    whenWarm: async (market) => {
      if (!(await isSoon(() => market.isWarm(config.MAX_POOL_AGE_SLOTS), WARM_UP_MS)))
        throw new HotslotError('NOT_READY', {
          detail: 'No fresh market came; the executor that runs goes on.',
        });
      await takeOver();
    },
  });
  await isSoon(() => executor.health.readiness().ready, READY_WAIT_MS);
  const operations = operationsOf(executor, begun);
  live.followKillSwitch(killSwitchSource(executor.killSwitch));
  live.followExecutor(liveSources(executor));
  live.followAlerts(alertSource(executor.watch.alerts));
  const plane = await listenForOperators({ config, operations, clock: systemClock, log, live, startedAtMs });
  cleanUps.push(() => plane.close());
  return { executor, plane };
}

async function startStages(
  { config, keystore, localnet: startingLocalnet, log, logState }: Begun,
  more: Partial<Pick<ExecutorOptions, 'killSwitch' | 'whenWarm'>>,
): Promise<Executor> {
  cleanUps.push(async () => (await keystore.catch(() => undefined))?.close());
  const localnet = await startingLocalnet;
  localnet?.onExit((detail) => {
    log.error('the embedded cluster is gone', { error: detail });
    void end(log, 1);
  });
  const endpoints = endpointsOf(config, localnet?.info);
  const parts = { config, endpoints, keystore, log, logState, ...more };
  const executor = await startExecutor({ ...parts, clock: systemClock, random: systemRandom });
  cleanUps.push(() => executor.close());
  running = executor;
  return executor;
}

function operationsOf(executor: Executor, { config, startedAtMs, log, slippage }: Begun): Operations {
  const openKeystore = () => openKeys(config);
  const maintenance = openMaintenance({ executor, openKeystore, slippage, clock: systemClock, log });
  cleanUps.push(() => maintenance.close());
  return { ...executorOperations(executor, startedAtMs, slippage), ...maintenance };
}

/** On a full disk it goes on unannounced: what is out must be followed, and a stop heard, all the same. */
function announce(held: HeldDataDir | undefined, startedAtMs: number, plane: ControlPlane, log: Log): void {
  const { controlUrl, kestraUrl } = plane;
  const kestra = kestraUrl === undefined ? {} : { kestraUrl };
  let isTold = false;
  const tell = () => {
    if (ending.signal.aborted) return;
    try {
      held?.announce({ pid: process.pid, controlUrl, ...kestra, startedAtMs });
    } catch (error) {
      if (!isTold)
        log.warn('run.json cannot be written; commands do not find this executor', { error, controlUrl });
      isTold = true;
      systemClock.after(ANNOUNCE_AGAIN_MS, tell);
    }
  };
  tell();
}

function rollLogs(config: Config, log: Log, reopen: () => void): void {
  const roller = new LogRoller({
    directory: config.LOG_DIR,
    keepDays: config.LOG_KEEP_DAYS,
    keepMb: config.LOG_KEEP_MB,
    clock: systemClock,
    reopen,
    onFault: (error) => log.warn('the log could not be rolled', { error }),
  });
  cleanUps.push(() => roller.close());
}

/** @returns whether it came to be in time */
async function isSoon(condition: () => boolean, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return true;
}

function demonstrate(config: Config, executor: Executor, log: Log): void {
  const stop = startDemonstration({
    clock: systemClock,
    random: systemRandom,
    tradesPerSecond: DEMONSTRATION_RATE,
    pools: () => {
      if (!executor.health.readiness().ready) return [];
      return executor.market.book
        .pools()
        .map((keys) => ({ keys, snapshot: executor.market.book.snapshotOf(keys.pool) }));
    },
    submit: (intent) => void executor.desk.submit(intent, systemClock.monotonicUs()),
    slippageBps: Math.round(config.DEFAULT_SLIPPAGE * 100),
    deadlineMs: config.DEFAULT_DEADLINE_MS,
    validityBlocks: config.DEFAULT_VALIDITY_BLOCKS,
    onDenied: (error) => log.warn('a demonstration trade was denied', { error }),
  });
  cleanUps.push(stop);
}

/** What is out gets some time to be seen; asked a second time it does not wait. */
async function drainAndEnd(log: Log): Promise<void> {
  if (running !== undefined && !draining.signal.aborted && !isDraining) {
    isDraining = true;
    const left = await drain(running.desk, systemClock, running.config.SHUTDOWN_DRAIN_MS, draining.signal);
    if (left > 0) log.warn('trades are left to the next start', { trades: left });
  }
  draining.abort();
  await end(log, 0);
}

/** Closes in order, once. */
async function end(log: Log | undefined, exitCode: number): Promise<void> {
  if (ending.signal.aborted) return;
  ending.abort();
  for (const cleanUp of cleanUps.reverse()) {
    try {
      await cleanUp();
    } catch (error) {
      log?.error('a part did not close', { error });
    }
  }
  process.exit(exitCode);
}
