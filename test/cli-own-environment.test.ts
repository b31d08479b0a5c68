/**
 * `test:trade`, `tune` and the benchmarks start an executor of their own where the `.env` of an executor in earnest lies:
 * it once took that one's endpoints, keys, Redis and receivers of alerts.
 */
import { expect, it } from 'vitest';
import { ownEnvironment } from '../src/cli/own-environment.js';
import { loadConfig } from '../src/config/config.js';
import { SETTINGS, type SettingName } from '../src/config/settings.js';

const ADDRESS = 'So11111111111111111111111111111111111111112';
const IN_EARNEST: { readonly [Name in SettingName]?: string } = {
  YELLOWSTONE_ENDPOINTS: 'grpc.example.com:10000',
  YELLOWSTONE_X_TOKEN: 'x-token',
  RPC_ENDPOINTS: 'https://rpc.example.com/key',
  POOLS: ADDRESS,
  LOOKUP_TABLES: ADDRESS,
  QUOTE_MINT: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v',
  LIVE_TRADING: 'true',
  JUPITER_URL: 'https://jupiter.example.com',
  JUPITER_API_KEY: 'jupiter-key',
  KEYSTORE_PATH: 'keys/keystore.json',
  KEYSTORE_PASSPHRASE_FILE: 'keys/passphrase',
  DENYLIST_FILE: 'denied.txt',
  ALLOWLIST_FILE: 'allowed.txt',
  RECORD_STREAM: 'stream.rec',
  CONTROL_HOST: '0.0.0.0',
  API_TOKEN: 'admin',
  API_TOKEN_TRADE: 'trade',
  API_TOKEN_READ: 'read',
  REDIS_URL: 'redis://redis.example.com:6379',
  ALERT_WEBHOOK_URLS: 'https://alerts.example.com/hook',
  ALERT_WEBHOOK_SECRET: 'sixteen-characters',
  ALERT_SLACK_URL: 'https://slack.example.com/hook',
  ALERT_TELEGRAM_BOT_TOKEN: '1:abcdefgh',
  ALERT_TELEGRAM_CHAT_ID: '@channel',
};
const OF_ITS_OWN = { DATA_DIR: 'own/data', LOG_DIR: 'own/logs' };
const NOTHING_SET = loadConfig({});

it.each(['in .env', 'in the environment'])('leaves behind what an executor in earnest has, %s', (place) => {
  const given = { ...IN_EARNEST, MAX_CONCURRENT_TRADES: '7', LOCK_SCOPE: 'owned' };
  const inFile = place === 'in .env' ? given : {};
  const inEnvironment = place === 'in .env' ? {} : given;
  // As the executor reads them.
  const config = loadConfig({ ...inFile, ...ownEnvironment(inEnvironment, OF_ITS_OWN) });
  for (const name of Object.keys(IN_EARNEST) as SettingName[])
    expect([name, config[name]]).toEqual([name, NOTHING_SET[name]]);
  expect(config.embedded).toBe(true);
  expect([config.MAX_CONCURRENT_TRADES, config.LOCK_SCOPE, config.DATA_DIR]).toEqual([
    7,
    'owned',
    'own/data',
  ]);
});

it('counts every secret among them', () => {
  const secrets = Object.entries(SETTINGS).flatMap(([name, { secret }]) => (secret === true ? [name] : []));
  expect(secrets.filter((name) => !Object.hasOwn(IN_EARNEST, name))).toEqual([]);
});

it('lets whoever starts it say otherwise', () => {
  const config = loadConfig(ownEnvironment(IN_EARNEST, { ...OF_ITS_OWN, API_TOKEN: 'own' }));
  expect(config.API_TOKEN).toBe('own');
});
