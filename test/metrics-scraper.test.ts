/** A scrape gives way: between its slices the trades' thread does what waits. */
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { BucketCounts } from '../src/metrics/bucket-counts.js';
import { ReadCounter, ReadGauge, ReadHistogram } from '../src/metrics/read-metric.js';
import { Scraper } from '../src/metrics/scraper.js';
import { ManualClock } from './support/manual-clock.js';

const metric = (registry: Registry, name: string) => ({ name, help: `of ${name}`, registry });

it('lets the loop turn when a slice has taken its time, and says how long the longest was', async () => {
  const registry = new Registry();
  const clock = new ManualClock();
  const names = ['one', 'two', 'three'];
  const order: string[] = [];
  for (const name of names) {
    new ReadGauge(metric(registry, name), () => {
      order.push(name);
      setImmediate(() => order.push('what waits'));
      // Each takes two milliseconds of the clock: more than a slice.
      clock.advance(2);
      return 1;
    });
  }
  const scraper = new Scraper(registry, clock);
  expect(await scraper.scrape()).toContain('# TYPE one gauge\none 1\n');
  expect(scraper.longestSliceUs).toBe(2_000);
  expect(order.slice(0, 5)).toEqual(['one', 'what waits', 'two', 'what waits', 'three']);
});

it('reads nothing until somebody scrapes, and once for all who ask at once', async () => {
  const registry = new Registry();
  let reads = 0;
  new ReadCounter(metric(registry, 'reads_total'), () => ++reads);
  const scraper = new Scraper(registry, new ManualClock());
  expect(reads).toBe(0);
  const texts = await Promise.all([scraper.scrape(), scraper.scrape(), scraper.scrape()]);
  expect([reads, new Set(texts).size]).toEqual([1, 1]);
  await scraper.scrape();
  expect(reads).toBe(2);
});

it('leaves out what has no value now, and escapes labels', async () => {
  const registry = new Registry();
  new ReadGauge(metric(registry, 'unknown'), () => undefined);
  new ReadGauge(metric(registry, 'named'), () => [{ value: 2, labels: { host: 'a"b' } }]);
  const text = await new Scraper(registry, new ManualClock()).scrape();
  expect(text).toContain('# TYPE unknown gauge');
  expect(text).not.toMatch(/^unknown/m);
  expect(text).toContain('named{host="a\\"b"} 2');
});

it('writes a histogram cumulatively, and refuses a label that it would have to escape', async () => {
  const registry = new Registry();
  const buckets = new BucketCounts([1, 2]);
  for (const value of [0.5, 1.5, 1.5, 9]) buckets.observe(value);
  new ReadHistogram(metric(registry, 'took'), [{ labels: { stage: 'sent' }, buckets }]);
  const text = await new Scraper(registry, new ManualClock()).scrape();
  expect(text.split('\n').slice(2, 7)).toEqual([
    'took_bucket{stage="sent",le="1"} 1',
    'took_bucket{stage="sent",le="2"} 3',
    'took_bucket{stage="sent",le="+Inf"} 4',
    'took_sum{stage="sent"} 12.5',
    'took_count{stage="sent"} 4',
  ]);
  const other = metric(new Registry(), 'other');
  expect(() => new ReadHistogram(other, [{ labels: { stage: 'a"b' }, buckets }])).toThrow('escapes');
});
