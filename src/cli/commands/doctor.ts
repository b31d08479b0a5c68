/** `doctor`: whether this machine and this configuration can trade, found out without trading. */
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Command } from 'commander';
import { type Config, loadConfig } from '../../config/config.js';
import { readLocalnetFile } from '../../embedded/localnet-file.js';
import { jupiterUrlOf } from '../../executor/endpoints.js';
import { isDataDirHeld } from '../../journal/data-dir.js';
import { listKeystore } from '../../keys/keystore.js';
import { describeError } from '../../logging/log.js';
import { makeDirectory } from '../../make-directory.js';
import { asAddress } from '../../model/brands.js';
import { nodeFault } from '../../node-support.js';
import { withChain } from '../chain.js';
import { ControlError, controlClient } from '../control-client.js';
import { defineCommand } from '../define-command.js';
import { commandEnvironment, type Environment } from '../environment.js';
import { EXIT } from '../exit-codes.js';
import { keystorePathsOf } from '../key-files.js';
import { columns, withProgress } from '../output.js';
import { withJupiter } from '../with-jupiter.js';

const FREE_GB_LEAST = 1;
const BYTES_A_GB = 1024 ** 3;
const MODE_OTHERS = 0o077;
const NATIVE_MODULES = ['uWebSockets.js', 'lmdb', 'sodium-native'];

/** `skipped`: there is nothing to look at yet, which is no fault. */
type Level = 'ok' | 'skipped' | 'bad';

interface Finding {
  readonly check: string;
  readonly level: Level;
  readonly detail: string;
}

export function doctorCommand(): Command {
  return defineCommand('doctor', 'look whether this machine and configuration can trade', async () => {
    const findings = await withProgress('Looking', examine(commandEnvironment()));
    const isWell = findings.every((finding) => finding.level !== 'bad');
    return {
      exitCode: isWell ? EXIT.ok : EXIT.bad,
      json: { well: isWell, findings },
      lines: columns(findings.map(({ check, level, detail }) => [level, check, detail])),
    };
  });
}

async function examine(environment: Environment): Promise<Finding[]> {
  const findings = [nodeVersion(), ...NATIVE_MODULES.map(nativeModule)];
  let config: Config;
  try {
    config = loadConfig(environment);
  } catch (error) {
    return [...findings, { check: 'configuration', level: 'bad', detail: describeError(error) }];
  }
  findings.push({ check: 'configuration', level: 'ok', detail: 'valid' });
  for (const folder of [config.DATA_DIR, config.LOG_DIR])
    findings.push(await look(folder, () => disk(folder)));
  findings.push(
    await look('keystore', () => keystore(config)),
    await look('executor', () => executor(environment, config)),
    await look('rpc', () => rpc(environment)),
    await look('jupiter', () => jupiter(config)),
    ...(await redisFindings(config)),
  );
  return findings;
}

type Answer = Omit<Finding, 'check'>;
const well = (detail: string): Answer => ({ level: 'ok', detail });
const skipped = (detail: string): Answer => ({ level: 'skipped', detail });

/** Whatever goes wrong while looking is what was found. */
async function look(check: string, at: () => Answer | Promise<Answer>): Promise<Finding> {
  try {
    return { check, ...(await at()) };
  } catch (error) {
    return { check, level: 'bad', detail: describeError(error) };
  }
}

function nodeVersion(): Finding {
  const fault = nodeFault();
  if (fault !== undefined) return { check: 'node', level: 'bad', detail: fault.message };
  return { check: 'node', level: 'ok', detail: process.versions.node };
}

function nativeModule(name: string): Finding {
  try {
    createRequire(import.meta.url)(name);
    return { check: name, level: 'ok', detail: 'loads' };
  } catch (error) {
    // Without it keys lie in OpenSSL's memory: slower, and swappable.
    const level = name === 'sodium-native' ? 'skipped' : 'bad';
    return { check: name, level, detail: describeError(error).split('\n', 1)[0]! };
  }
}

function disk(folder: string): Answer {
  makeDirectory(folder, 0o700);
  accessSync(folder, constants.W_OK);
  const { bavail, bsize } = statfsSync(folder);
  const freeGb = (bavail * bsize) / BYTES_A_GB;
  const detail = `${freeGb.toFixed(1)} GB free`;
  return freeGb < FREE_GB_LEAST ? { level: 'bad', detail } : well(detail);
}

async function keystore(config: Config): Promise<Answer> {
  if (config.embedded && !existsSync(`${config.DATA_DIR}/keystore.json`))
    return skipped('is made at the first start');
  const paths = keystorePathsOf(config);
  const keys = await listKeystore(paths.keystore);
  if ((statSync(paths.passphrase).mode & MODE_OTHERS) !== 0)
    return { level: 'bad', detail: 'others can read the passphrase file; its mode must be 0600' };
  return well(`${keys.length} keys`);
}

async function executor(environment: Environment, config: Config): Promise<Answer> {
  try {
    const { status } = await controlClient(environment).ask('GET', '/livez');
    return status === 200 ? well('runs') : { level: 'bad', detail: `answers ${status}` };
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    return (await isDataDirHeld(config.DATA_DIR))
      ? { level: 'bad', detail: 'holds its data directory and does not answer' }
      : skipped('does not run');
  }
}

async function jupiter(config: Config): Promise<Answer> {
  const url = jupiterUrlOf(config, readLocalnetFile(config.DATA_DIR)?.info);
  const startedMs = performance.now();
  const host = await withJupiter(config, url, async (client) => {
    await client.prices([asAddress(config.QUOTE_MINT)]);
    return client.host;
  });
  if (host === undefined) return skipped('is not asked');
  return well(`${host} answers in ${Math.ceil(performance.now() - startedMs)} ms`);
}

async function rpc(environment: Environment): Promise<Answer> {
  try {
    const height = await withChain(environment, ({ reader }) => reader.blockHeight('confirmed'));
    return well(`block height ${height}`);
  } catch (error) {
    if (error instanceof ControlError) return skipped(error.message);
    throw error;
  }
}

/** Nothing where none is configured; its client is loaded only then. */
async function redisFindings({ REDIS_URL: url }: Config): Promise<Finding[]> {
  if (url === undefined) return [];
  const { pingRedis } = await import('../../redis/ping.js');
  const ask = async () => {
    await pingRedis(url);
    return well('answers');
  };
  return [await look('redis', ask)];
}
