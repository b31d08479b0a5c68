/** What the filter denies is never asked of the index: a false denial would trade an old order a second time. */
import { describe, expect, it } from 'vitest';
import { SeenFilter } from '../src/journal/seen-filter.js';

describe('the filter of names that were used', () => {
  it('denies none that was added, and nearly all that were not', () => {
    const filter = new SeenFilter();
    const name = (index: number) => `order-${index.toString(36)}`;
    for (let index = 0; index < 200_000; index++) filter.add(name(index));
    for (let index = 0; index < 200_000; index += 7) expect(filter.mayHave(name(index))).toBe(true);
    let needless = 0;
    for (let index = 0; index < 100_000; index++) if (filter.mayHave(`other-${index}`)) needless += 1;
    expect(needless).toBeLessThan(100);
  });

  it('denies everything while it is empty', () => {
    expect(new SeenFilter().mayHave('anything')).toBe(false);
  });
});
