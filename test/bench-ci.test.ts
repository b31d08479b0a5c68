/** A gate that cannot fail guards nothing: each way of getting slower must stop the build, and nothing else may. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Baseline, compare, hasFailed, parseBaseline, updated } from '../bench/ci/compare.js';
import { actionEntries, summaryOf, tableOf } from '../bench/ci/report.js';

const BASELINE: Baseline = {
  version: 1,
  ratios: {
    faster: { value: 10, better: 'higher', tolerance: 0.2 },
    costs: { value: 2, better: 'lower', tolerance: 0.5 },
  },
};
const COMMITTED = new URL('../../bench/baseline.json', import.meta.url);
const RUN = fileURLToPath(new URL('../bench/ci/run.js', import.meta.url));

const verdicts = (ratios: { [name: string]: number }) =>
  compare(BASELINE, ratios).map(({ verdict }) => verdict);

describe('a ratio', () => {
  it('passes up to its limit, in either direction', () => {
    expect(verdicts({ faster: 8, costs: 3 })).toEqual(['ok', 'ok']);
    expect(verdicts({ faster: 7.99, costs: 3.01 })).toEqual(['regression', 'regression']);
    expect(verdicts({ faster: 12.1, costs: 0.9 })).toEqual(['better', 'better']);
  });

  it('fails when it is not measured any more', () => {
    const rows = compare(BASELINE, { faster: 10 });
    expect(rows[1]?.verdict).toBe('missing');
    expect(hasFailed(rows)).toBe(true);
    expect(hasFailed(compare(BASELINE, { faster: Number.NaN, costs: 2 }))).toBe(true);
  });

  it('takes over a new value and keeps its limits when the baseline is updated', () => {
    expect(updated(BASELINE, { faster: 12.34567 }).ratios).toEqual({
      faster: { value: 12.35, better: 'higher', tolerance: 0.2 },
      costs: BASELINE.ratios.costs,
    });
  });
});

describe('the baseline', () => {
  it('that is committed is well-formed', () => {
    expect(Object.keys(parseBaseline(readFileSync(COMMITTED, 'utf8')).ratios).length).toBeGreaterThan(5);
  });

  it('is refused when nothing could fall below it', () => {
    const broken = { version: 1, ratios: { a: { value: 1, better: 'higher', tolerance: 1 } } };
    expect(() => parseBaseline(JSON.stringify(broken))).toThrow('malformed');
  });
});

describe('the reports', () => {
  const rows = compare(BASELINE, { faster: 5, costs: 2 });

  it('name what is slower', () => {
    expect(tableOf(rows)).toMatch(/^faster +10 +5 +≥ 8 +REGRESSION$/m);
    expect(summaryOf(rows, true)).toContain('| **faster** | **10** | **5** | **≥ 8** | **REGRESSION** |');
  });

  it('keep apart what should grow and what should shrink', () => {
    expect(actionEntries(rows, 'higher')).toEqual([
      { name: 'faster', unit: 'ratio', value: 5, extra: 'baseline 10, limit 8' },
    ]);
    expect(actionEntries(rows, 'lower').map(({ name }) => name)).toEqual(['costs']);
  });
});

describe('the command', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'hotslot-bench-ci-'));
    writeFileSync(join(root, 'baseline.json'), JSON.stringify(BASELINE));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const runOn = (ratios: object) => {
    writeFileSync(join(root, 'results.json'), JSON.stringify({ ratios }));
    const files = ['--baseline', join(root, 'baseline.json'), '--results', join(root, 'results.json')];
    return spawnSync(process.execPath, [RUN, ...files, '--out', root, '--json'], {
      encoding: 'utf8',
      env: { ...process.env, GITHUB_STEP_SUMMARY: join(root, 'summary.md') },
    });
  };

  it('ends with 0 within the limits and with 1 past one, and writes for the job', () => {
    expect(runOn({ faster: 9, costs: 2.5 }).status).toBe(0);
    const slow = runOn({ faster: 1, costs: 2.5 });
    expect(slow.status).toBe(1);
    expect(JSON.parse(slow.stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ failed: true });
    expect(readFileSync(join(root, 'summary.md'), 'utf8')).toContain('slower than the baseline allows');
    const entries = JSON.parse(readFileSync(join(root, 'ci-bigger-is-better.json'), 'utf8')) as unknown[];
    expect(entries).toHaveLength(1);
  });

  it('says what an update left as it was, and fails', () => {
    writeFileSync(join(root, 'results.json'), JSON.stringify({ ratios: { faster: 12 } }));
    const path = join(root, 'baseline.json');
    const args = ['--baseline', path, '--results', join(root, 'results.json'), '--update'];
    const done = spawnSync(process.execPath, [RUN, ...args], { encoding: 'utf8' });
    expect(done.status).toBe(1);
    expect(done.stderr).toContain('Not measured, and as they were: costs');
    const { ratios } = parseBaseline(readFileSync(path, 'utf8'));
    expect([ratios.faster?.value, ratios.costs?.value]).toEqual([12, 2]);
  });

  it('tells a slip in its options as such', () => {
    const done = spawnSync(process.execPath, [RUN, '--only', 'nonsense'], { encoding: 'utf8' });
    expect(done.status).toBe(2);
    expect(done.stderr).toContain('The names are build-sign');
    expect(done.stderr).not.toContain('JSON');
  });
});
