/** The process: reads its settings, wires the stages in the order in which data flows, and ends them in reverse. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Config, loadConfig } from './config/config.js';
import { readEnvironmentFile } from './config/environment-file.js';
import { Access } from './control/access.js';
import { type ControlServer, startControlServer } from './control/control-server.js';
import type { Operations } from './control/operations.js';
import { controlRoutes } from './control/routes.js';
import { startDemonstration } from './embedded/demonstration.js';
import { embeddedKeystorePaths, openEmbeddedKeystore, openKeystore } from './embedded/embedded-keys.js';
import { type LocalnetProcess, startLocalnet } from './embedded/localnet-process.js';
import { showTerminal } from './embedded/terminal.js';
import { HotslotError } from './errors/hotslot-error.js';
import { endpointsOf } from './executor/endpoints.js';
import { type Executor, killSwitchPath, startExecutor } from './executor/executor.js';
import { executorOperations } from './executor/executor-operations.js';
import { OperationsInForce, startingOperations } from './executor/starting-operations.js';
import { terminalFacts } from './executor/terminal-facts.js';
import { holdDataDir } from './journal/data-dir.js';
import type { Keystore } from './keys/keystore.js';
import { describeError, type Log, openLog } from './logging/log.js';
import type { MemorySignal } from './memory-signal.js';
import { KillSwitch } from './risk/kill-switch.js';
import { systemClock } from './time/clock.js';
import { systemRandom } from './time/random.js';

const DEMONSTRATION_RATE = 8;
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** The stages' timers keep no process alive, and until the control plane listens nothing else does. */
const HOLD_MS = 60_000;

/** Ends what has been started so far, newest first. */
const cleanUps: (() => Promise<void> | void)[] = [];
/** Aborted when the process is to end: also what is only being started ends then. */
const ending = new AbortController();

/** Runs until a signal ends it; a fault at the start is told on standard error and ends it with code 1. */
export async function runExecutor(memorySignal: MemorySignal): Promise<void> {
  const hold = setInterval(() => undefined, HOLD_MS);
  try {
    await start(memorySignal);
  } catch (error) {
    if (!ending.signal.aborted) process.stderr.write(`${describeError(error)}\n`);
    await end(undefined, 1);
  } finally {
    clearInterval(hold);
  }
}

async function start(memorySignal: MemorySignal): Promise<void> {
  const { values } = parseArgs({ options: { demo: { type: 'boolean', default: false } } });
  const config = loadConfig({ ...readEnvironmentFile('.env'), ...process.env });
  const startedAtMs = systemClock.nowMs();
  const held = await holdDataDir(config.DATA_DIR);
  cleanUps.push(() => held.release());
  const { log, close } = openLog({ directory: config.LOG_DIR, level: config.LOG_LEVEL });
  cleanUps.push(close);
  memorySignal.logTo(log);
  process.on('SIGINT', () => void end(log, 0));
  process.on('SIGTERM', () => void end(log, 0));
  // It listens before there is anything to trade on: an endpoint that cannot be reached is to be seen, and a stop
  // is to be heard, from the first moment.
  const killSwitch = new KillSwitch({ path: killSwitchPath(config), clock: systemClock });
  const operations = new OperationsInForce(
    startingOperations({ config, killSwitch, startedAtMs, clock: systemClock }),
  );
  const control = await listen(config, operations.relay, log);
  held.announce({ pid: process.pid, controlUrl: controlUrl(config, control), startedAtMs });
  const keystore = await openKeys(config);
  cleanUps.push(() => keystore.close());
  const localnet = config.embedded ? await startCluster(config, keystore, log) : undefined;
  const endpoints = endpointsOf(config, localnet?.info);
  const parts = { config, endpoints, keystore, killSwitch, log };
  const executor = await startExecutor({ ...parts, clock: systemClock, random: systemRandom });
  cleanUps.push(() => executor.close());
  operations.replace(executorOperations(executor, startedAtMs));
  // Nothing is taken any more once the stages begin to end.
  cleanUps.push(() => control.close());
  log.info('started', { pid: process.pid, controlPort: control.port, embedded: config.embedded });
  if (values.demo && config.embedded) demonstrate(config, executor, log);
  cleanUps.push(
    showTerminal(() => terminalFacts(executor, controlUrl(config, control)), process.stdout, systemClock),
  );
}

async function openKeys(config: Config): Promise<Keystore> {
  const defaults = embeddedKeystorePaths(config.DATA_DIR);
  const paths = {
    keystore: config.KEYSTORE_PATH ?? defaults.keystore,
    passphrase: config.KEYSTORE_PASSPHRASE_FILE ?? defaults.passphrase,
  };
  if (config.embedded) return openEmbeddedKeystore(paths);
  if (!existsSync(paths.keystore))
    throw new HotslotError('KEYSTORE_INVALID', { detail: 'KEYSTORE_PATH names no file.' });
  return openKeystore(paths);
}

async function startCluster(config: Config, keystore: Keystore, log: Log): Promise<LocalnetProcess> {
  const stateDir = join(config.DATA_DIR, 'localnet');
  mkdirSync(stateDir, { recursive: true });
  const args = [
    '--quiet',
    '--exit-with-parent',
    ...['--rpc-port', '0', '--ws-port', '0', '--grpc-port', '0', '--state', stateDir],
    ...keystore.entries().flatMap(({ address }) => ['--fund', address]),
    ...config.LOCALNET_ARGS.split(' ').filter((part) => part !== ''),
  ];
  const localnet = await startLocalnet(args, ending.signal);
  cleanUps.push(() => localnet.stop());
  localnet.onExit((detail) => {
    log.error('the embedded cluster is gone', { error: detail });
    void end(log, 1);
  });
  return localnet;
}

async function listen(config: Config, operations: Operations, log: Log): Promise<ControlServer> {
  const control = await startControlServer({
    host: config.CONTROL_HOST,
    port: config.CONTROL_PORT,
    portSetting: 'CONTROL_PORT',
    routes: controlRoutes(operations, systemClock),
    access: new Access({
      admin: config.API_TOKEN,
      trade: config.API_TOKEN_TRADE,
      read: config.API_TOKEN_READ,
      loopback: LOOPBACK.has(config.CONTROL_HOST),
    }),
    clock: systemClock,
    onUnexpected: (error, path) => log.error('a request met an unexpected fault', { path, error }),
  });
  cleanUps.push(() => control.close());
  return control;
}

function controlUrl(config: Config, control: ControlServer): string {
  const host = config.CONTROL_HOST.includes(':') ? `[${config.CONTROL_HOST}]` : config.CONTROL_HOST;
  return `http://${host}:${control.port}`;
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
