/** The benchmarks must compute what they say; their smoke form runs here, without judging a figure. */
import { expect, it } from 'vitest';
import { run as runJournal } from '../bench/journal.js';
import { run as runLocks } from '../bench/locks.js';

it.each([
  [
    'locks',
    runLocks,
    [
      'locks_100k_vs_10_waiting',
      'locks_vs_map_10_waiting',
      'locks_vs_map_1k_waiting',
      'locks_vs_map_100k_waiting',
    ],
  ],
  ['journal', runJournal, ['journal_append_vs_bare_write', 'journal_group_commit_vs_single']],
] as const)('bench/%s gives every ratio and result as a positive number', async (_name, run, ratios) => {
  const outcome = await run({ smoke: true, runs: 1, realtime: false });
  expect(Object.keys(outcome.ratios)).toEqual(ratios);
  for (const figure of [...Object.values(outcome.ratios), ...outcome.results.map((result) => result.p50)]) {
    expect(figure).toBeGreaterThan(0);
  }
  for (const result of outcome.results) expect(result.n).toBeGreaterThan(0);
});
