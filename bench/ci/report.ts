/** A comparison for a terminal, for GitHub's job summary, and for github-action-benchmark. */
import type { Comparison, Verdict } from './compare.js';

const WORDS: { readonly [V in Verdict]: string } = {
  ok: 'ok',
  better: 'better',
  regression: 'REGRESSION',
  missing: 'NOT MEASURED',
};

const HEAD = ['ratio', 'baseline', 'now', 'limit', 'verdict'];

export function tableOf(rows: readonly Comparison[]): string {
  const cells = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/** GitHub's Markdown. */
export function summaryOf(rows: readonly Comparison[], failed: boolean): string {
  const lines = rows.map((row) => {
    const cells = cellsOf(row);
    return `| ${row.verdict === 'regression' || row.verdict === 'missing' ? cells.map((cell) => `**${cell}**`).join(' | ') : cells.join(' | ')} |`;
  });
  return [
    `### Benchmarks: ${failed ? 'slower than the baseline allows' : 'within the baseline'}`,
    '',
    `| ${HEAD.join(' | ')} |`,
    '| --- | ---: | ---: | ---: | --- |',
    ...lines,
    '',
    'Each ratio compares two contestants of one run; limits are the worst values that pass.',
    '',
  ].join('\n');
}

/** What github-action-benchmark reads with the tool `customBiggerIsBetter` or `customSmallerIsBetter`. */
export interface ActionEntry {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly extra: string;
}

export function actionEntries(rows: readonly Comparison[], better: Comparison['better']): ActionEntry[] {
  return rows.flatMap((row) => {
    if (row.better !== better || row.now === undefined) return [];
    const extra = `baseline ${number(row.baseline)}, limit ${number(row.limit)}`;
    return [{ name: row.name, unit: 'ratio', value: row.now, extra }];
  });
}

function cellsOf(row: Comparison): string[] {
  const sign = row.better === 'higher' ? '≥' : '≤';
  return [
    row.name,
    number(row.baseline),
    row.now === undefined ? '–' : number(row.now),
    `${sign} ${number(row.limit)}`,
    WORDS[row.verdict],
  ];
}

function number(value: number): string {
  return Math.abs(value) >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
