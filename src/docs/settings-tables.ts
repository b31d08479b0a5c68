/** The settings as docs/CONFIG.md shows them: a table for each group. */
import { SETTING_GROUPS, type Setting } from '../config/settings.js';

export function settingsTables(): string {
  return Object.entries(SETTING_GROUPS)
    .map(([title, settings]) =>
      [`### ${title}`, '', HEADING, ...Object.entries(settings).map(rowOf)].join('\n'),
    )
    .join('\n\n');
}

const HEADING = '| setting | default | meaning |\n|---|---|---|';

function rowOf([name, setting]: readonly [string, Setting]): string {
  const fallback = setting.default === undefined || setting.default === '' ? '' : `\`${setting.default}\``;
  const secret = setting.secret ? ' Secret: never shown or logged.' : '';
  return `| \`${name}\` | ${fallback} | ${setting.describe.replaceAll('|', '\\|')}${secret} |`;
}
