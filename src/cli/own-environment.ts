/**
 * The environment of an executor that a command starts for itself, on the embedded cluster. How trades are made is taken
 * from the caller's settings, so that they can be tried. What belongs to an executor in earnest is not, though its `.env`
 * lies where the command is typed: with its REDIS_URL prices of the embedded market would stand where others read real
 * ones, and its alerts would wake somebody.
 */
import { ALLOCATOR_ENVIRONMENT } from '../config/allocator-environment.js';
import type { SettingName } from '../config/settings.js';
import type { Environment } from './environment.js';

/** Endpoints and what only has a meaning on them, keys, files, who may ask, and who is told. */
const LEFT_BEHIND = [
  'YELLOWSTONE_ENDPOINTS',
  'YELLOWSTONE_X_TOKEN',
  'RPC_ENDPOINTS',
  'POOLS',
  'LOOKUP_TABLES',
  'QUOTE_MINT',
  'LIVE_TRADING',
  'JUPITER_URL',
  'JUPITER_API_KEY',
  'KEYSTORE_PATH',
  'KEYSTORE_PASSPHRASE_FILE',
  'DENYLIST_FILE',
  'ALLOWLIST_FILE',
  'RECORD_STREAM',
  'CONTROL_HOST',
  'API_TOKEN',
  'API_TOKEN_TRADE',
  'API_TOKEN_READ',
  'REDIS_URL',
  'ALERT_WEBHOOK_URLS',
  'ALERT_WEBHOOK_SECRET',
  'ALERT_SLACK_URL',
  'ALERT_TELEGRAM_BOT_TOKEN',
  'ALERT_TELEGRAM_CHAT_ID',
] as const satisfies readonly SettingName[];

/**
 * @param environment the command's own, without `.env`: the executor reads that itself
 * @param settings    go before everything else
 */
export function ownEnvironment(
  environment: Environment,
  settings: { readonly [name: string]: string },
): { [name: string]: string | undefined } {
  return {
    ...ALLOCATOR_ENVIRONMENT,
    ...environment,
    // Empty rather than absent: the value in `.env` would count then.
    ...Object.fromEntries(LEFT_BEHIND.map((name) => [name, ''])),
    CONTROL_PORT: '0',
    KESTRA_COMPAT_PORT: '0',
    ...settings,
  };
}
