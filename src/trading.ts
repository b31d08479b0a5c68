/** The process: reads its settings, wires the stages, and shuts them down in reverse. Nothing imports it. */
import { existsSync, mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Config, loadConfig } from './config/config.js';
import { readEnvironmentFile } from './config/environment-file.js';
import { Access } from './control/access.js';
import { type ControlServer, startControlServer } from './control/control-server.js';
import { controlRoutes } from './control/routes.js';
import { startDemonstration } from './embedded/demonstration.js';
import { embeddedKeystorePaths, openEmbeddedKeystore, openKeystore } from './embedded/embedded-keys.js';
import { type LocalnetProcess, startLocalnet } from './embedded/localnet-process.js';
import { showTerminal } from './embedded/terminal.js';
import { HotslotError } from './errors/hotslot-error.js';
import { endpointsOf } from './executor/endpoints.js';
import { type Executor, startExecutor } from './executor/executor.js';
import { executorOperations } from './executor/executor-operations.js';
import { terminalFacts } from './executor/terminal-facts.js';
import { type HeldDataDir, holdDataDir } from './journal/data-dir.js';
import type { Keystore } from './keys/keystore.js';
import { describeError, type Log, openLog } from './logging/log.js';
import { installMemorySignal } from './memory-signal.js';
import { systemClock } from './time/clock.js';
import { systemRandom } from './time/random.js';

const DEMONSTRATION_RATE = 8;
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

// First of all: the default action of SIGUSR2 would end the process.
const memorySignal = installMemorySignal();

/** Ends what has been started so far, newest first. */
const cleanUps: (() => Promise<void> | void)[] = [];
let isEnding = false;

/** The stages' timers keep no process alive, and until the control plane listens nothing else does. */
const HOLD_MS = 60_000;
const holdsUntilListening = setInterval(() => undefined, HOLD_MS);

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { demo: { type: 'boolean', default: false } } });
  const config = loadConfig({ ...readEnvironmentFile('.env'), ...process.env });
  const held = await holdDataDir(config.DATA_DIR);
  cleanUps.push(() => held.release());
  const opened = openLog({ directory: config.LOG_DIR, level: config.LOG_LEVEL });
  cleanUps.push(() => opened.close());
  memorySignal.logTo(opened.log);
  process.on('SIGINT', () => void end(opened.log, 0));
  process.on('SIGTERM', () => void end(opened.log, 0));
  const keystore = await openKeys(config);
  cleanUps.push(() => keystore.close());
  const localnet = config.embedded ? await startCluster(config, keystore, opened.log) : undefined;
  const executor = await startExecutor({
    config,
    endpoints: endpointsOf(config, localnet?.info),
    keystore,
    clock: systemClock,
    random: systemRandom,
    log: opened.log,
  });
  cleanUps.push(() => executor.close());
  const control = await listen(config, executor, held, opened.log);
  clearInterval(holdsUntilListening);
  opened.log.info('started', { pid: process.pid, controlPort: control.port, embedded: config.embedded });
  if (values.demo && config.embedded) demonstrate(config, executor, opened.log);
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
  const stateDir = `${config.DATA_DIR}/localnet`;
  mkdirSync(stateDir, { recursive: true });
  const localnet = await startLocalnet([
    '--quiet',
    '--exit-with-parent',
    ...['--rpc-port', '0', '--ws-port', '0', '--grpc-port', '0', '--state', stateDir],
    ...keystore.entries().flatMap(({ address }) => ['--fund', address]),
    ...config.LOCALNET_ARGS.split(' ').filter((part) => part !== ''),
  ]);
  cleanUps.push(() => localnet.stop());
  localnet.onExit((detail) => {
    log.error('the embedded cluster is gone', { error: detail });
    void end(log, 1);
  });
  return localnet;
}

async function listen(
  config: Config,
  executor: Executor,
  held: HeldDataDir,
  log: Log,
): Promise<ControlServer> {
  const startedAtMs = systemClock.nowMs();
  const control = await startControlServer({
    host: config.CONTROL_HOST,
    port: config.CONTROL_PORT,
    portSetting: 'CONTROL_PORT',
    routes: controlRoutes(executorOperations(executor, startedAtMs), systemClock),
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
  held.announce({ pid: process.pid, controlUrl: controlUrl(config, control), startedAtMs });
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
  if (isEnding) return;
  isEnding = true;
  for (const cleanUp of cleanUps.reverse()) {
    try {
      await cleanUp();
    } catch (error) {
      log?.error('a part did not close', { error });
    }
  }
  process.exit(exitCode);
}

main().catch((error: unknown) => {
  process.stderr.write(`${describeError(error)}\n`);
  void end(undefined, 1);
});
