/**
 * A process of its own for metrics-interval-log.test.ts: bounds the size of its files so that half an interval fits,
 * writes it down, takes the bound away, writes it down again, and prints the file as it was after each.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { type Histogram, nanosecondHistogram, recordUs } from '../../src/metrics/histograms.js';
import { IntervalLog } from '../../src/metrics/interval-log.js';
import { ManualClock } from './manual-clock.js';

const HALF_BYTES = 40;

const directory = process.argv[2]!;
const clock = new ManualClock(Date.UTC(2030, 0, 1, 12));
const file = `${directory}/latency-2030-01-01.hlog`;
const waiting: (readonly [string, Histogram])[] = [];
const log = new IntervalLog({ directory, clock, take: () => waiting.splice(0), onError: () => undefined });
const bound = (bytes: number | 'unlimited') =>
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`]);
const record = (us: number) => {
  const histogram = nanosecondHistogram();
  recordUs(histogram, us);
  waiting.push(['sent', histogram]);
};

const texts: string[] = [];
const faults: (string | null)[] = [];
const flush = async () => {
  clock.advance(60_000);
  const fault = await log.flush().then(
    () => null,
    (error: NodeJS.ErrnoException) => error.code ?? 'unknown',
  );
  faults.push(fault);
  texts.push(readFileSync(file, 'utf8'));
};
record(1);
await flush();
bound(statSync(file).size + HALF_BYTES);
record(2);
await flush();
bound('unlimited');
record(3);
await flush();
await log.close();
process.stdout.write(`${JSON.stringify({ faults, texts })}\n`);
