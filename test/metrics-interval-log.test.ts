/** A log that other tools cannot read, or read a thousand times too small, is worse than none. */
import { execFile } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { HistogramLogReader, listTags } from 'hdr-histogram-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Histogram, nanosecondHistogram, recordUs } from '../src/metrics/histograms.js';
import { DAYS_KEPT, IntervalLog, percentileFile } from '../src/metrics/interval-log.js';
import { ManualClock } from './support/manual-clock.js';

const START_MS = Date.UTC(2030, 0, 1, 12);
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hotslot-hlog-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function histogramOf(...values: number[]): Histogram {
  const histogram = nanosecondHistogram();
  for (const us of values) recordUs(histogram, us);
  return histogram;
}

/** How much each line counted. */
function countsOf(text: string): number[] {
  const reader = new HistogramLogReader(text);
  const counts: number[] = [];
  for (let next = reader.nextIntervalHistogram(); next !== null; next = reader.nextIntervalHistogram())
    counts.push(next.totalCount);
  return counts;
}

function logOf(clock: ManualClock) {
  const waiting: (readonly [string, Histogram])[] = [];
  const errors: unknown[] = [];
  const take = () => waiting.splice(0);
  const log = new IntervalLog({ directory: root, clock, take, onError: (error) => errors.push(error) });
  return { log, waiting, errors };
}

describe('the interval log', () => {
  it('is read back line by line: tags, times in seconds, values in nanoseconds', async () => {
    const clock = new ManualClock(START_MS);
    const { log, waiting, errors } = logOf(clock);
    waiting.push(['signed', histogramOf(16, 17, 90)], ['ack.lane=rpc:a, b', histogramOf(1_500)]);
    clock.advance(59_000);
    await log.flush();
    waiting.push(['signed', histogramOf(20)]);
    clock.advance(500);
    const text = await log.read();
    await log.close();

    expect(errors).toEqual([]);
    expect(listTags(text)).toEqual(['signed', 'ack.lane=rpc:a__b']);
    const reader = new HistogramLogReader(text);
    const first = reader.nextIntervalHistogram();
    expect(first?.startTimeStampMsec).toBe(START_MS);
    expect(first?.endTimeStampMsec).toBe(START_MS + 59_000);
    expect(first?.totalCount).toBe(3);
    expect(first?.getValueAtPercentile(50)).toBeCloseTo(17_000, -2);
    expect(reader.nextIntervalHistogram()?.maxValue).toBeCloseTo(1_500_000, -4);
    const last = reader.nextIntervalHistogram();
    expect(last?.startTimeStampMsec).toBe(START_MS + 59_000);
    expect(last?.totalCount).toBe(1);
    expect(reader.nextIntervalHistogram()).toBeNull();
    // The third field is the maximum in milliseconds, as Java's tools write it.
    expect(text).toMatch(/Tag=signed,1893499200\.000,59\.000,0\.090,/);
  });

  it('has one header a file and writes nothing for an interval without trades', async () => {
    const clock = new ManualClock(START_MS);
    const { log, waiting } = logOf(clock);
    await log.flush();
    expect(readdirSync(root)).toEqual([]);
    waiting.push(['sent', histogramOf(1)]);
    await log.flush();
    waiting.push(['sent', histogramOf(1)]);
    const text = await log.read();
    await log.close();
    expect(text.match(/StartTime:/g)).toHaveLength(1);
    expect(text.match(/^Tag=/gm)).toHaveLength(2);
  });

  it('grows by time alone, however often it is read', async () => {
    const clock = new ManualClock(START_MS);
    const { log, waiting } = logOf(clock);
    waiting.push(['sent', histogramOf(1)]);
    await log.flush();
    const file = join(root, 'latency-2030-01-01.hlog');
    const before = readFileSync(file, 'utf8');
    for (let read = 0; read < 20; read++) {
      waiting.push(['sent', histogramOf(2)]);
      clock.advance(10);
      const text = await log.read();
      expect(text.startsWith(before)).toBe(true);
      expect(text.match(/^Tag=sent/gm)).toHaveLength(2);
      const reader = new HistogramLogReader(text);
      reader.nextIntervalHistogram();
      expect(reader.nextIntervalHistogram()?.totalCount).toBe(read + 1);
    }
    expect(readFileSync(file, 'utf8')).toBe(before);
    await log.flush();
    await log.close();
    expect(readFileSync(file, 'utf8').match(/^Tag=sent/gm)).toHaveLength(2);
  });

  it('is made once for those that ask at the same time', async () => {
    const clock = new ManualClock(START_MS);
    const { log, waiting } = logOf(clock);
    waiting.push(['sent', histogramOf(1)]);
    const [first, second] = await Promise.all([log.read(), log.read()]);
    await log.close();
    expect(first.match(/^Tag=sent/gm)).toHaveLength(1);
    expect(second).toBe(first);
  });

  it('keeps an interval that the disk did not take, as part of the next one', async () => {
    const clock = new ManualClock(START_MS);
    const { log, waiting } = logOf(clock);
    const file = join(root, 'latency-2030-01-01.hlog');
    mkdirSync(file);
    waiting.push(['sent', histogramOf(1, 2)]);
    clock.advance(60_000);
    await expect(log.flush()).rejects.toMatchObject({ code: 'EISDIR' });
    rmdirSync(file);
    waiting.push(['sent', histogramOf(3)]);
    clock.advance(60_000);
    await log.flush();
    await log.close();
    const reader = new HistogramLogReader(readFileSync(file, 'utf8'));
    const first = reader.nextIntervalHistogram();
    expect([first?.startTimeStampMsec, first?.endTimeStampMsec]).toEqual([START_MS, START_MS + 120_000]);
    expect(first?.totalCount).toBe(3);
    expect(reader.nextIntervalHistogram()).toBeNull();
  });

  it('has no half of an interval, whether the disk is full or the process died in the middle', async () => {
    const program = fileURLToPath(new URL('./support/interval-log-on-full-disk.js', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [program, root]);
    const { faults, texts } = JSON.parse(stdout) as { faults: unknown[]; texts: string[] };
    expect(faults).toEqual([null, 'EFBIG', null]);
    expect(texts[1]).toBe(texts[0]);
    expect(texts[2]!.startsWith(texts[0]!)).toBe(true);
    expect(countsOf(texts[2]!)).toEqual([1, 2]);

    appendFileSync(join(root, 'latency-2030-01-01.hlog'), texts[2]!.trimEnd().slice(-50));
    const { log, waiting } = logOf(new ManualClock(START_MS));
    waiting.push(['sent', histogramOf(1, 2, 3, 4)]);
    const text = await log.flush().then(() => log.read());
    await log.close();
    expect(countsOf(text)).toEqual([1, 2, 4]);
  });

  it('keeps so many days and leaves other files alone', async () => {
    const clock = new ManualClock(START_MS);
    for (let day = 1; day <= 20; day++)
      writeFileSync(join(root, `latency-2029-12-${String(day).padStart(2, '0')}.hlog`), '');
    writeFileSync(join(root, 'trading.log'), '');
    const { log, waiting } = logOf(clock);
    waiting.push(['sent', histogramOf(1)]);
    await log.flush();
    await log.close();
    const names = readdirSync(root);
    expect(names).toHaveLength(DAYS_KEPT + 1);
    expect(names).toContain('trading.log');
    expect(names).toContain('latency-2030-01-01.hlog');
  });
});

describe('a percentile file', () => {
  it('has the columns of .hgrm, in microseconds', () => {
    const text = percentileFile(histogramOf(...Array.from({ length: 1000 }, (_, index) => index + 1)));
    expect(text.split('\n')[0]).toMatch(/^\s+Value\s+Percentile TotalCount 1\/\(1-Percentile\)$/);
    const rows = text
      .split('\n')
      .filter((line) => /^\s+\d/.test(line))
      .map((line) => line.trim().split(/\s+/).map(Number));
    const median = rows.find(([, percentile]) => percentile === 0.5);
    expect(median?.[0]).toBeCloseTo(500, 0);
    expect(rows.at(-1)?.[2]).toBe(1000);
    expect(text).toContain('#[Max     =     1000');
  });
});
