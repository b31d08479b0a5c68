/** A rotated key went to the end of `keys list`, behind master, because a rename puts it last in the file. */
import { expect, it } from 'vitest';
import { byKeyName } from '../src/keys/key-names.js';

it('master comes first, the others by name, and 2 before 10', () => {
  const names = ['trading-key-10', 'retired-trading-key-1-1', 'trading-key-2', 'master', 'trading-key-1'];
  const sorted = names.map((name) => ({ name })).sort(byKeyName);
  expect(sorted.map(({ name }) => name)).toEqual([
    'master',
    'retired-trading-key-1-1',
    'trading-key-1',
    'trading-key-2',
    'trading-key-10',
  ]);
});
