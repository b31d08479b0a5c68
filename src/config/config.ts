/** Environment in, one frozen and validated object out. */
import type { z } from 'zod';
import { HotslotError } from '../errors/hotslot-error.js';
import { schemaFault } from '../errors/schema-fault.js';
import { isLoopbackHost } from './loopback.js';
import { SETTINGS, type SettingName } from './settings.js';

type Value<Name extends SettingName> = z.output<(typeof SETTINGS)[Name]['schema']>;
type Optional<Name extends SettingName> = (typeof SETTINGS)[Name]['default'] extends undefined
  ? Value<Name> | undefined
  : Value<Name>;

/** Every setting under its own name, typed by the table. */
export type Settings = { readonly [Name in SettingName]: Optional<Name> };

export interface Config extends Settings {
  /** No endpoint was configured: the embedded cluster is started and traded on. */
  readonly embedded: boolean;
  /** Bytes of ours may be sent: the embedded cluster, or LIVE_TRADING on real endpoints. */
  readonly mayTradeLive: boolean;
}

export interface ConfigFault {
  readonly setting: string;
  readonly problem: string;
}

interface Environment {
  readonly [name: string]: string | undefined;
}

/**
 * Reads the configuration.
 * @throws HotslotError CONFIG_INVALID with every fault in its message, one a line; values are not repeated.
 */
export function loadConfig(environment: Environment): Config {
  const { settings, faults } = readSettings(environment);
  if (faults.length > 0) throw configError(faults);
  const embedded = settings.YELLOWSTONE_ENDPOINTS.length === 0;
  return Object.freeze({ ...settings, embedded, mayTradeLive: embedded || settings.LIVE_TRADING });
}

/** Everything that is wrong with an environment; empty where `loadConfig` would take it. */
export function configFaults(environment: Environment): readonly ConfigFault[] {
  return readSettings(environment).faults;
}

/** Settings with faults are absent from the values, and then the rules between settings leave them out. */
function readSettings(environment: Environment): { settings: Settings; faults: ConfigFault[] } {
  const faults: ConfigFault[] = [];
  const values: { [name: string]: unknown } = {};
  for (const [name, setting] of Object.entries(SETTINGS)) {
    const given = environment[name];
    const raw = given === undefined || given === '' ? setting.default : given;
    if (raw === undefined) {
      values[name] = undefined;
      continue;
    }
    const parsed = setting.schema.safeParse(raw, { error: schemaFault });
    if (parsed.success) values[name] = parsed.data;
    else
      faults.push({ setting: name, problem: parsed.error.issues.map((issue) => issue.message).join('; ') });
  }
  const settings = values as unknown as Settings;
  const faulty = new Set(faults.map((fault) => fault.setting));
  faults.push(...crossFaults(settings).filter((fault) => !faulty.has(fault.setting)));
  return { settings, faults };
}

/** Rules between settings. */
function crossFaults(settings: Partial<Settings>): ConfigFault[] {
  const faults: ConfigFault[] = [];
  const add = (setting: SettingName, problem: string) => faults.push({ setting, problem });
  // What is wrong by itself counts as given: it is told once, not as missing too.
  const streams = settings.YELLOWSTONE_ENDPOINTS?.length ?? 1;
  const rpcs = settings.RPC_ENDPOINTS?.length ?? 1;
  if (streams > 0 && rpcs === 0) add('RPC_ENDPOINTS', 'is required with YELLOWSTONE_ENDPOINTS');
  if (rpcs > 0 && streams === 0) add('YELLOWSTONE_ENDPOINTS', 'is required with RPC_ENDPOINTS');
  if (streams > 0) {
    if (settings.POOLS?.length === 0) add('POOLS', 'is required with real endpoints');
    if (settings.KEYSTORE_PATH === undefined) add('KEYSTORE_PATH', 'is required with real endpoints');
    if (settings.KEYSTORE_PASSPHRASE_FILE === undefined)
      add('KEYSTORE_PASSPHRASE_FILE', 'is required with real endpoints');
    if (settings.MAX_REFERENCE_DEVIATION_BPS !== undefined && !asksJupiter(settings))
      add('MAX_REFERENCE_DEVIATION_BPS', 'needs JUPITER_URL or JUPITER_API_KEY with real endpoints');
    if (settings.LIVE_TRADING && settings.API_TOKEN === undefined)
      add('API_TOKEN', 'is required for live trading on real endpoints');
  }
  if (
    settings.CONTROL_HOST !== undefined &&
    !isLoopbackHost(settings.CONTROL_HOST) &&
    settings.API_TOKEN === undefined
  ) {
    add('API_TOKEN', 'is required when CONTROL_HOST is not loopback');
  }
  if (settings.MAX_REFERENCE_DEVIATION_BPS !== undefined && settings.JUPITER_PRICE_POLL_MS === 0)
    add('JUPITER_PRICE_POLL_MS', 'must not be 0 with MAX_REFERENCE_DEVIATION_BPS');
  faults.push(...alertFaults(settings));
  return faults;
}

function alertFaults(settings: Partial<Settings>): ConfigFault[] {
  const faults: ConfigFault[] = [];
  const needs = (isGiven: boolean, name: SettingName, by: SettingName) => {
    if (isGiven && settings[name] === undefined)
      faults.push({ setting: name, problem: `is required with ${by}` });
  };
  needs((settings.ALERT_WEBHOOK_URLS?.length ?? 0) > 0, 'ALERT_WEBHOOK_SECRET', 'ALERT_WEBHOOK_URLS');
  const { ALERT_TELEGRAM_BOT_TOKEN: token, ALERT_TELEGRAM_CHAT_ID: chat } = settings;
  needs(token !== undefined, 'ALERT_TELEGRAM_CHAT_ID', 'ALERT_TELEGRAM_BOT_TOKEN');
  needs(chat !== undefined, 'ALERT_TELEGRAM_BOT_TOKEN', 'ALERT_TELEGRAM_CHAT_ID');
  return faults;
}

function asksJupiter(settings: Partial<Settings>): boolean {
  return settings.JUPITER_URL !== undefined || settings.JUPITER_API_KEY !== undefined;
}

function configError(faults: readonly ConfigFault[]): HotslotError {
  const lines = faults.map((fault) => `\n  ${fault.setting}: ${fault.problem}`).join('');
  return new HotslotError('CONFIG_INVALID', {
    detail: lines.trimStart() === '' ? '' : lines,
    context: { faults: faults.length },
  });
}

/** The configuration for people: every setting as text, secrets as `(set)`, URLs without path and query. */
export function describeConfig(config: Config): { readonly name: SettingName; readonly value: string }[] {
  return (Object.keys(SETTINGS) as SettingName[]).map((name) => {
    const setting: { readonly secret?: boolean } = SETTINGS[name];
    const value: unknown = config[name];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) return { name, value: '' };
    const parts = Array.isArray(value) ? value : [value];
    return { name, value: setting.secret ? '(set)' : parts.map(shown).join(',') };
  });
}

/** Paid providers put their keys into the path or the query, and some clients theirs before the host. */
function shown(value: unknown): string {
  const text = String(value);
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return text;
  const { origin, pathname, search } = new URL(text);
  return pathname === '/' && search === '' ? origin : `${origin}/…`;
}
