/** The pages with generated sections, and what is in them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { errorCodeTable, kestraSections, routeSections, sharedSchemas } from './api-tables.js';
import { renderSections, type Sections } from './generated-sections.js';
import { settingsTables } from './settings-tables.js';
import { statePicture } from './state-picture.js';

export const PAGES = ['docs/CONFIG.md', 'docs/ARCHITECTURE.md', 'docs/API.md'] as const;

const SECTIONS: Sections = {
  settings: settingsTables,
  'trade-states': statePicture,
  routes: routeSections,
  'kestra-routes': kestraSections,
  'shared-parts': sharedSchemas,
  'error-codes': errorCodeTable,
};

/** Compiled code lies three folders below the package's root. */
const pathOf = (page: string) => fileURLToPath(new URL(`../../../${page}`, import.meta.url));

/** Names of the pages whose generated sections are not what the code says now. */
export function stalePages(): string[] {
  return PAGES.filter((page) => rendered(page) !== readFileSync(pathOf(page), 'utf8'));
}

/** Writes them anew. @returns the names of those that changed */
export function writePages(): string[] {
  const stale = stalePages();
  for (const page of stale) writeFileSync(pathOf(page), rendered(page));
  return stale;
}

function rendered(page: string): string {
  return renderSections(readFileSync(pathOf(page), 'utf8'), SECTIONS);
}
