/**
 * What a start waits for the longest is begun before the stages are loaded: a thread of its own stretches the
 * passphrase, and the embedded cluster starts in its process, while this one reads and compiles the rest.
 */
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, loadConfig } from './config/config.js';
import { readEnvironmentFile } from './config/environment-file.js';
import {
  beginEmbeddedKeystore,
  embeddedKeystorePaths,
  type OpeningKeystore,
  openKeystore,
} from './embedded/embedded-keys.js';
import { readLocalnetFile } from './embedded/localnet-file.js';
import type { LocalnetProcess } from './embedded/localnet-process.js';
import { openLocalnet } from './embedded/open-localnet.js';
import { HotslotError } from './errors/hotslot-error.js';
import { type HeldDataDir, holdDataDir } from './journal/data-dir.js';
import type { Keystore } from './keys/keystore.js';
import { makeDirectory } from './make-directory.js';
import { readStartOptions } from './start-options.js';
import { systemClock } from './time/clock.js';

/** Aborted when the process is to end: also what is only being started ends then. */
export const ending = new AbortController();

export interface FirstSteps {
  readonly config: Config;
  readonly isDemo: boolean;
  readonly isSuccessor: boolean;
  readonly startedAtMs: number;
  /** Undefined for a successor, which takes the directory over later. */
  readonly held: HeldDataDir | undefined;
  readonly keystore: Promise<Keystore>;
  /** Undefined where other endpoints are configured. */
  readonly localnet: Promise<LocalnetProcess> | undefined;
  /** SIGINT and SIGTERM end what was begun, until somebody else listens to them. */
  releaseSignals(): void;
}

/** @throws HotslotError CONFIG_INVALID, DATA_DIR_HELD; the promises in the answer reject by themselves */
export async function takeFirstSteps(): Promise<FirstSteps> {
  const { isDemo, isSuccessor } = readStartOptions();
  const config = loadConfig({ ...readEnvironmentFile('.env'), ...process.env });
  const startedAtMs = systemClock.nowMs();
  const held = isSuccessor ? undefined : await holdDataDir(config.DATA_DIR);
  const embeddedKeys = config.embedded ? beginEmbeddedKeystore(keystorePaths(config)) : undefined;
  const keystore = embeddedKeys === undefined ? openKeys(config) : embeddedKeys.then(({ opened }) => opened);
  const localnet = embeddedKeys?.then((keys) => startCluster(config, keys));
  // Whoever waits for them hears of it; until then nobody does.
  keystore.catch(() => undefined);
  localnet?.catch(() => undefined);
  const end = () => {
    ending.abort();
    void endLocalnet(localnet).finally(() => process.exit(0));
  };
  process.on('SIGINT', end).on('SIGTERM', end);
  const releaseSignals = () => void process.off('SIGINT', end).off('SIGTERM', end);
  return { config, isDemo, isSuccessor, startedAtMs, held, keystore, localnet, releaseSignals };
}

/** Opens the keystore that the settings name; the embedded default's is made where there is none. */
export async function openKeys(config: Config): Promise<Keystore> {
  const paths = keystorePaths(config);
  if (config.embedded) return (await beginEmbeddedKeystore(paths)).opened;
  if (!existsSync(paths.keystore))
    throw new HotslotError('KEYSTORE_INVALID', { detail: 'KEYSTORE_PATH names no file.' });
  return openKeystore(paths);
}

/** Ends the embedded cluster, also one that is only being started. */
export async function endLocalnet(localnet: Promise<LocalnetProcess> | undefined): Promise<void> {
  const running = await localnet?.catch(() => undefined);
  await running?.stop();
}

function keystorePaths(config: Config) {
  const defaults = embeddedKeystorePaths(config.DATA_DIR);
  return {
    keystore: config.KEYSTORE_PATH ?? defaults.keystore,
    passphrase: config.KEYSTORE_PASSPHRASE_FILE ?? defaults.passphrase,
  };
}

function startCluster(config: Config, { addresses, isNew }: OpeningKeystore): Promise<LocalnetProcess> {
  const { DATA_DIR: dataDir } = config;
  const settings = config.LOCALNET_ARGS;
  const stateDir = join(dataDir, 'localnet');
  // A ledger that funded keys which are gone (a start that was killed before they were kept) is of no use to new ones.
  if (isNew && existsSync(stateDir) && readLocalnetFile(dataDir) === undefined)
    renameSync(stateDir, `${stateDir}-set-aside-${systemClock.nowMs()}`);
  makeDirectory(stateDir);
  const args = [
    '--quiet',
    '--exit-with-parent',
    ...['--rpc-port', '0', '--ws-port', '0', '--grpc-port', '0', '--state', stateDir],
    ...addresses.flatMap((address) => ['--fund', address]),
    ...settings.split(' ').filter((part) => part !== ''),
  ];
  return openLocalnet({ dataDir, args, settings, signal: ending.signal });
}
