/** What a leader keeps of transactions that wait is bounded, also of those that left, however long no block is worked through. */
import { expect, it } from 'vitest';
import { LeaderBuffer } from '../../localnet/engine/leader-buffer.js';
import type { PendingTransaction } from '../../localnet/engine/open-block.js';

const CAPACITY = 10;
/** More than the buffer lets stand of what left. */
const ADDED = 20_000;

function paying(priority: number): PendingTransaction {
  const parsed = { signature: `s${priority}`, wire: Uint8Array.of(1) };
  return { parsed, priority } as unknown as PendingTransaction;
}

it('the best paid stay and nothing is kept of the others, while ever better ones come and none is taken', () => {
  const buffer = new LeaderBuffer(() => CAPACITY);
  for (let priority = 0; priority < ADDED; priority++) buffer.add(paying(priority));
  // Private, and the only place where it shows: what is skipped can be seen by nobody.
  const { best, worst } = buffer as unknown as { readonly [list: string]: { readonly size: number } };
  expect(Math.max(best!.size, worst!.size)).toBeLessThan(ADDED / 10);
  const taken = Array.from({ length: CAPACITY + 1 }, () => buffer.take()?.priority);
  expect(taken).toEqual([...Array.from({ length: CAPACITY }, (_, index) => ADDED - 1 - index), undefined]);
});
