/**
 * No wake-up is lost between main and a worker in any order of their accesses of the ring's words that takes no more
 * preemptions than are named below. One was: main raised its flag for the next answer before the worker lowered it for the
 * last, and then waited for ever.
 */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { InterleavedRing, words } from './support/interleaved-ring.js';

let rings: InterleavedRing;

beforeEach(() => {
  rings = new InterleavedRing();
});
afterEach(() => rings.close());

it.each([
  { what: 'awaits answers', main: 'awaitTwo', published: [1, 2], maxPreemptions: 3 },
  { what: 'publishes', main: 'publishTwice', published: [], maxPreemptions: 2 },
  { what: 'posts mail', main: 'mailAndPublish', published: [], maxPreemptions: 2 },
])('when main $what', ({ main, published, maxPreemptions }) => {
  const mails = main === 'mailAndPublish' ? 1 : 0;
  const runs = rings.explore({
    main,
    published,
    maxPreemptions,
    check: (ring) => {
      expect(ring.done).toBe(ring.head);
      for (let count = 0; count < ring.done; count++) {
        expect([...words(ring, count).subarray(1, 3)]).toEqual([mails, 2 * (count + 1)]);
      }
    },
  });
  expect(runs).toBeGreaterThan(100);
});
