/** The pages with generated sections and the files that are generated whole, and what is in them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { alertRules, alertRuleTests, alertTable } from './alert-rules.js';
import { errorCodeTable, kestraSections, routeSections, sharedSchemas } from './api-tables.js';
import { renderSections, type Sections } from './generated-sections.js';
import { settingsTables } from './settings-tables.js';
import { statePicture } from './state-picture.js';
import { answerFrames, boundsTable, requestFrames, topicSections } from './websocket-tables.js';

export const PAGES = [
  'docs/CONFIG.md',
  'docs/ARCHITECTURE.md',
  'docs/API.md',
  'docs/WEBSOCKET.md',
  'docs/RUNBOOK.md',
] as const;

const FILES: { readonly [path: string]: () => string } = {
  'deploy/prometheus/hotslot.rules.yml': alertRules,
  'deploy/prometheus/hotslot.rules.test.yml': alertRuleTests,
};

const SECTIONS: Sections = {
  settings: settingsTables,
  'trade-states': statePicture,
  routes: routeSections,
  'kestra-routes': kestraSections,
  'shared-parts': sharedSchemas,
  'error-codes': errorCodeTable,
  alerts: alertTable,
  'websocket-requests': requestFrames,
  'websocket-answers': answerFrames,
  'websocket-topics': topicSections,
  'websocket-bounds': boundsTable,
};

/** Compiled code lies three folders below the package's root. */
const pathOf = (page: string) => fileURLToPath(new URL(`../../../${page}`, import.meta.url));

/** Names of the pages and files that are not what the code says now. */
export function stalePages(): string[] {
  const all = [...PAGES, ...Object.keys(FILES)];
  return all.filter((page) => rendered(page) !== readFileSync(pathOf(page), 'utf8'));
}

/** Writes them anew. @returns the names of those that changed */
export function writePages(): string[] {
  const stale = stalePages();
  for (const page of stale) writeFileSync(pathOf(page), rendered(page));
  return stale;
}

function rendered(page: string): string {
  const make = FILES[page];
  return make?.() ?? renderSections(readFileSync(pathOf(page), 'utf8'), SECTIONS);
}
