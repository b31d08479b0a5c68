/** Pages that are made from code say what the code says. */
import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../src/config/settings.js';
import { renderSections } from '../src/docs/generated-sections.js';
import { stalePages } from '../src/docs/pages.js';
import { settingsTables } from '../src/docs/settings-tables.js';
import { statePicture } from '../src/docs/state-picture.js';
import { TRADE_STATES, TRADE_TRANSITIONS } from '../src/model/trade-state.js';

it('the pages in docs/ are current; `npm run docs` makes them so', () => {
  expect(stalePages()).toEqual([]);
});

it('the settings are all in the tables, once each', () => {
  const named = [...settingsTables().matchAll(/^\| `([A-Z_]+)` \|/gm)].map((match) => match[1]);
  expect(named.sort()).toEqual(Object.keys(SETTINGS).sort());
});

it('the picture has every move of a trade and no other', () => {
  const drawn = [...statePicture().matchAll(/^ {4}([a-z]+) --> ([a-z]+)$/gm)].map(
    ([, from, to]) => `${from} ${to}`,
  );
  const moves = TRADE_STATES.flatMap((from) => TRADE_TRANSITIONS[from].map((to) => `${from} ${to}`));
  expect(drawn).toEqual(moves);
});

describe('a generated section', () => {
  const page =
    'before\n<!-- generated: one; change the code, then npm run docs -->\nold\n<!-- end: one -->\nafter\n';

  it('is replaced, and nothing around it', () => {
    const rendered = renderSections(page, { one: () => 'new' });
    expect(rendered).toMatch(/^before\n<!-- generated: one;[^\n]*-->\n\nnew\n\n<!-- end: one -->\nafter\n$/);
    expect(renderSections(rendered, { one: () => 'new' })).toBe(rendered);
  });

  it('that nothing makes, or that does not end, is a fault', () => {
    expect(() => renderSections(page, {})).toThrow('one');
    expect(() => renderSections(page.replace('<!-- end: one -->', ''), { one: () => 'new' })).toThrow('one');
  });
});
