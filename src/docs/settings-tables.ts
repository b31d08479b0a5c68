/** The settings as docs/CONFIG.md shows them: a table for each group. */
import { SETTINGS, type Setting } from '../config/settings.js';

const GROUP_TITLES: { readonly [Group in Setting['group']]: string } = {
  endpoints: 'Endpoints',
  trading: 'Trading',
  freshness: 'Freshness (L5)',
  risk: 'Risk',
  control: 'Control plane',
  storage: 'Files and logs',
  performance: 'Performance',
  redis: 'Redis',
  alerts: 'Alerts',
};

export function settingsTables(): string {
  const settings: readonly (readonly [string, Setting])[] = Object.entries(SETTINGS);
  return Object.entries(GROUP_TITLES)
    .map(([group, title]) => ({ title, rows: settings.filter(([, setting]) => setting.group === group) }))
    .filter(({ rows }) => rows.length > 0)
    .map(({ title, rows }) => [`### ${title}`, '', HEADING, ...rows.map(rowOf)].join('\n'))
    .join('\n\n');
}

const HEADING = '| setting | default | meaning |\n|---|---|---|';

function rowOf([name, setting]: readonly [string, Setting]): string {
  const fallback = setting.default === undefined || setting.default === '' ? '' : `\`${setting.default}\``;
  const secret = setting.secret ? ' Secret: never shown or logged.' : '';
  return `| \`${name}\` | ${fallback} | ${setting.describe.replaceAll('|', '\\|')}${secret} |`;
}
