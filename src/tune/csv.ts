/** The rows as a table for spreadsheets. */
import type { TuneRow } from './types.js';

const COLUMNS: readonly (readonly [name: string, value: (row: TuneRow) => string | number])[] = [
  ['stage', ({ point }) => point.stage],
  ['concurrency', ({ point }) => point.concurrency],
  ['workers', ({ point }) => point.workers],
  ['rpcPoolSize', ({ point }) => point.rpcPoolSize],
  ['signing', ({ point }) => point.signing],
  ['offeredPerSecond', ({ point }) => point.rate],
  ['repeats', (row) => row.repeats],
  ['sentPerSecond', (row) => row.throughput.toFixed(2)],
  ['intentToWireP50Us', (row) => row.intentToWireUs.p50.toFixed(0)],
  ['intentToWireP95Us', (row) => row.intentToWireUs.p95.toFixed(0)],
  ['intentToWireP99Us', (row) => row.intentToWireUs.p99.toFixed(0)],
  ['noWaitP50Us', (row) => row.intentToWireNoWaitUs.p50.toFixed(0)],
  ['noWaitP95Us', (row) => row.intentToWireNoWaitUs.p95.toFixed(0)],
  ['noWaitP99Us', (row) => row.intentToWireNoWaitUs.p99.toFixed(0)],
  ['submitP95Us', (row) => row.submitUs.uncorrected.p95.toFixed(0)],
  ['submitCorrectedP95Us', (row) => row.submitUs.corrected.p95.toFixed(0)],
  ['deniedShare', (row) => row.deniedShare.toFixed(4)],
];

export function csvOf(rows: readonly TuneRow[]): string {
  const head = COLUMNS.map(([name]) => name).join(',');
  const body = rows.map((row) => COLUMNS.map(([, value]) => value(row)).join(','));
  return `${[head, ...body].join('\n')}\n`;
}
