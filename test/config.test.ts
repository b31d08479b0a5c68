import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configFaults, describeConfig, loadConfig } from '../src/config/config.js';
import { SETTING_GROUPS, SETTINGS } from '../src/config/settings.js';

/** Compiled tests lie two folders below the root. */
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const POOL = '7GCihgDB8fe6KNjn2MYtkzZcRjQy3t9GHdC8uHYmW2hr';
const REAL = {
  YELLOWSTONE_ENDPOINTS: 'one.example:10000, https://two.example:443',
  RPC_ENDPOINTS: 'https://rpc.example/key',
  POOLS: POOL,
  KEYSTORE_PATH: 'keys.json',
  KEYSTORE_PASSPHRASE_FILE: 'keys.pass',
};

const faultyOf = (environment: { readonly [name: string]: string }) =>
  configFaults(environment).map(({ setting }) => setting);

describe('the settings', () => {
  it('are all read by code outside their table: none of them does nothing', () => {
    const sources = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !path.includes(join('config', 'settings')))
      .map((path) => readFileSync(path, 'utf8'))
      .join('\n');
    const unread = Object.keys(SETTINGS).filter((name) => !new RegExp(`\\.${name}\\b`).test(sources));
    expect(unread).toEqual([]);
  });

  it('stand in one group each', () => {
    const names = Object.values(SETTING_GROUPS).flatMap((settings) => Object.keys(settings));
    expect(names).toEqual(Object.keys(SETTINGS));
    expect(new Set(names).size).toBe(names.length);
  });

  it('have defaults that are valid, and say what they mean in a sentence', () => {
    expect(configFaults({})).toEqual([]);
    for (const [name, { describe: meaning }] of Object.entries(SETTINGS)) {
      expect(meaning, name).toMatch(/^[A-Z`].*\.$/s);
    }
  });
});

describe('a configuration', () => {
  it('without endpoints is the embedded cluster, where trades are sent', () => {
    expect(loadConfig({})).toMatchObject({ embedded: true, mayTradeLive: true, LIVE_TRADING: false });
  });

  it('with endpoints sends nothing unless told to', () => {
    expect(loadConfig(REAL)).toMatchObject({ embedded: false, mayTradeLive: false });
    expect(loadConfig({ ...REAL, LIVE_TRADING: 'true', API_TOKEN: 't' })).toMatchObject({
      mayTradeLive: true,
    });
    expect(loadConfig(REAL).YELLOWSTONE_ENDPOINTS).toEqual(['one.example:10000', 'https://two.example:443']);
  });

  it('takes an empty value for an absent one', () => {
    expect(loadConfig({ API_TOKEN: '', MAX_CONCURRENT_TRADES: '' })).toMatchObject({
      API_TOKEN: undefined,
      MAX_CONCURRENT_TRADES: 32,
    });
  });

  it('tells the faults of values and those between settings together, each setting once', () => {
    const faulty = faultyOf({
      MAX_QUEUED_TRADES: '-1',
      RPC_ENDPOINTS: 'not a url',
      CONTROL_HOST: '0.0.0.0',
      YELLOWSTONE_ENDPOINTS: 'one.example:10000',
    });
    expect([...faulty].sort()).toEqual([
      'API_TOKEN',
      'KEYSTORE_PASSPHRASE_FILE',
      'KEYSTORE_PATH',
      'MAX_QUEUED_TRADES',
      'POOLS',
      'RPC_ENDPOINTS',
    ]);
  });

  it.each([
    ['RPC_ENDPOINTS', { ...REAL, RPC_ENDPOINTS: '' }],
    ['YELLOWSTONE_ENDPOINTS', { ...REAL, YELLOWSTONE_ENDPOINTS: '' }],
    ['POOLS', { ...REAL, POOLS: '' }],
    ['API_TOKEN', { ...REAL, LIVE_TRADING: 'true' }],
    ['API_TOKEN', { CONTROL_HOST: '::' }],
    ['ALERT_WEBHOOK_SECRET', { ALERT_WEBHOOK_URLS: 'https://one.example/hook' }],
    ['ALERT_TELEGRAM_CHAT_ID', { ALERT_TELEGRAM_BOT_TOKEN: '123:abcdefgh' }],
    ['ALERT_TELEGRAM_BOT_TOKEN', { ALERT_TELEGRAM_CHAT_ID: '@ops' }],
  ])('without the %s that another setting needs is refused', (setting, environment) => {
    expect(faultyOf(environment)).toContain(setting);
  });

  it.each([
    ['RPC_POOL_SIZE', '1', '64', '65'],
    ['MAX_CONCURRENT_TRADES', '1', '4096', '4097'],
    ['DEFAULT_SLIPPAGE', '0', '100', '100.01'],
    ['DEFAULT_VALIDITY_BLOCKS', '1', '150', '151'],
    ['COMPUTE_UNIT_PRICE', '0', '18446744073709551615', '18446744073709551616'],
  ])('takes %s from %s to %s and not %s', (name, least, most, over) => {
    expect(faultyOf({ [name]: least })).toEqual([]);
    expect(faultyOf({ [name]: most })).toEqual([]);
    expect(faultyOf({ [name]: over })).toEqual([name]);
  });

  it.each(['10.0.0.300:10000', 'one:two:10000', 'one.example:70000', 'http://[::1:10000', 'one.example'])(
    'takes no %s for a Yellowstone endpoint',
    (endpoint) => {
      expect(faultyOf({ ...REAL, YELLOWSTONE_ENDPOINTS: endpoint })).toEqual(['YELLOWSTONE_ENDPOINTS']);
    },
  );

  it.each(['10.0.0.3:10000', '[::1]:10000', 'https://one.example:443'])(
    'takes %s for a Yellowstone endpoint',
    (endpoint) => {
      expect(faultyOf({ ...REAL, YELLOWSTONE_ENDPOINTS: endpoint })).toEqual([]);
    },
  );

  it.each(['a token', 'token\n', ' token', 'tökén'])(
    'takes no %j for a token that is sent as a header',
    (token) => {
      expect(faultyOf({ YELLOWSTONE_X_TOKEN: token })).toEqual(['YELLOWSTONE_X_TOKEN']);
    },
  );

  it('shows no secret, and repeats no value in a fault', () => {
    const secret = 'correct-horse';
    const shown = JSON.stringify(
      describeConfig(
        loadConfig({
          API_TOKEN: secret,
          YELLOWSTONE_X_TOKEN: secret,
          JUPITER_API_KEY: secret,
          JUPITER_URL: `https://pro.example/${secret}`,
          REDIS_URL: `redis://:${secret}@one.example`,
          ALERT_WEBHOOK_URLS: `https://one.example/${secret}`,
          ALERT_WEBHOOK_SECRET: `${secret}-battery`,
          ALERT_SLACK_URL: `https://one.example/${secret}`,
          ALERT_TELEGRAM_BOT_TOKEN: `123:${secret}`,
          ALERT_TELEGRAM_CHAT_ID: '@ops',
        }),
      ),
    );
    expect(shown).not.toContain(secret);
    expect(shown).toContain('(set)');
    expect(shown).toContain('https://pro.example/…');
    expect(() => loadConfig({ MAX_QUEUED_TRADES: secret })).toThrow(
      /^(?!.*correct-horse).*MAX_QUEUED_TRADES/s,
    );
  });
});

describe('on the command line', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'hotslot-config-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const run = (lines: string, ...args: string[]) => {
    writeFileSync(join(directory, '.env'), lines);
    const entry = fileURLToPath(new URL('../src/cli/hotslot.js', import.meta.url));
    const env = { PATH: process.env.PATH ?? '' };
    const command = [entry, 'config', ...args, '--json'];
    const { status, stdout } = spawnSync(process.execPath, command, {
      env,
      encoding: 'utf8',
      cwd: directory,
    });
    return { status, json: JSON.parse(stdout) as unknown };
  };

  it('`config validate` says what is wrong, and which names no setting has', () => {
    expect(run('MAX_ATTEMPTS=2\n', 'validate')).toEqual({
      status: 0,
      json: { valid: true, faults: [], unknown: [] },
    });
    const { status, json } = run('MAX_ATTEMPTS=20\nMAX_CONCURENT_TRADES=5\n', 'validate');
    expect(status).toBe(1);
    expect(json).toMatchObject({
      valid: false,
      faults: [{ setting: 'MAX_ATTEMPTS' }],
      unknown: ['MAX_CONCURENT_TRADES'],
    });
  });

  it('`config show` tells every setting, and fails on a fault', () => {
    const { status, json } = run('MAX_ATTEMPTS=2\nAPI_TOKEN=hidden\n', 'show');
    expect(status).toBe(0);
    expect(Object.keys(json as object)).toEqual(Object.keys(SETTINGS));
    expect(json).toMatchObject({ MAX_ATTEMPTS: '2', API_TOKEN: '(set)' });
    expect(run('MAX_ATTEMPTS=20\n', 'show')).toMatchObject({ status: 2, json: { code: 'CONFIG_INVALID' } });
  });
});
