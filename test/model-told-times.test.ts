/** A trade was told to be confirmed after 923851.2689999342 µs: the clock had said 923851.269. */
import { expect, it } from 'vitest';
import { toldTimes, toThousandths } from '../src/model/told-times.js';

it('tells times to the nanosecond, and leaves absent ones absent', () => {
  const times = {
    receivedAtMs: 1_795_974_498_871,
    validatedUs: 177.7629998922348,
    confirmedUs: 923_851.2689999342,
  };
  expect(toldTimes(times)).toEqual({
    receivedAtMs: 1_795_974_498_871,
    validatedUs: 177.763,
    confirmedUs: 923_851.269,
  });
  expect([511.0610096507936, 2, Number.POSITIVE_INFINITY].map(toThousandths)).toEqual([
    511.061,
    2,
    Number.POSITIVE_INFINITY,
  ]);
});
