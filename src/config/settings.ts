/**
 * The one table of settings: name, schema, default, unit and meaning. Validation, `config show` and
 * docs/CONFIG.md all come from it.
 */
import { ALERTS } from './settings/alerts.js';
import { CONTROL } from './settings/control.js';
import { ENDPOINTS } from './settings/endpoints.js';
import { FRESHNESS } from './settings/freshness.js';
import { PERFORMANCE } from './settings/performance.js';
import { REDIS } from './settings/redis.js';
import { RISK } from './settings/risk.js';
import { STORAGE } from './settings/storage.js';
import { TRADING } from './settings/trading.js';

export type { Setting } from './settings/setting.js';

/** As docs/CONFIG.md shows them, each under its title. */
export const SETTING_GROUPS = {
  Endpoints: ENDPOINTS,
  Trading: TRADING,
  'Freshness (L5)': FRESHNESS,
  Risk: RISK,
  'Control plane': CONTROL,
  'Files and logs': STORAGE,
  Performance: PERFORMANCE,
  Redis: REDIS,
  Alerts: ALERTS,
} as const;

export const SETTINGS = {
  ...ENDPOINTS,
  ...TRADING,
  ...FRESHNESS,
  ...RISK,
  ...CONTROL,
  ...STORAGE,
  ...PERFORMANCE,
  ...REDIS,
  ...ALERTS,
} as const;

export type SettingName = keyof typeof SETTINGS;
