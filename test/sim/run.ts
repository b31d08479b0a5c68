/**
 * `node dist/test/sim/run.js [--seeds N] [--from S] [--seed S] [--trades T] [--story]`: many seeds, or one with its
 * story. Ends with 1 when a law was broken, and says how to replay it.
 */
import { parseArgs } from 'node:util';
import { type SimResult, simulate } from './simulate.js';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    trades: { type: 'string', default: '20' },
    story: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
  },
});

async function main(): Promise<number> {
  const trades = Number(values.trades);
  if (values.seed !== undefined) return one(Number(values.seed), trades);
  const startedMs = performance.now();
  const totals: { [name: string]: number } = {};
  let failures = 0;
  const from = Number(values.from);
  const seeds = Number(values.seeds);
  for (let seed = from; seed < from + seeds; seed += 1) {
    const result = await simulate({ seed, trades });
    addTo(totals, result);
    if (result.violations.length === 0) continue;
    failures += 1;
    process.stdout.write(
      `seed ${seed} failed: ${result.violations[0]}\n  replay: ${replayOf(seed, trades)}\n`,
    );
    if (!values['keep-going']) break;
  }
  const seconds = (performance.now() - startedMs) / 1000;
  process.stdout.write(
    `${JSON.stringify({ failures, seconds: Math.round(seconds * 10) / 10, ...totals })}\n`,
  );
  return failures === 0 ? 0 : 1;
}

async function one(seed: number, trades: number): Promise<number> {
  const result = await simulate({ seed, trades, story: values.story });
  const { story, ...rest } = result;
  if (values.story) process.stdout.write(`${story.join('\n')}\n`);
  process.stdout.write(`${JSON.stringify(rest, undefined, 2)}\n`);
  return result.violations.length === 0 ? 0 : 1;
}

function replayOf(seed: number, trades: number): string {
  return `node dist/test/sim/run.js --seed ${seed} --trades ${trades} --story`;
}

function addTo(totals: { [name: string]: number }, result: SimResult): void {
  const { accepted, refused, unknownsTold, attempts, crashes, stops, damaged, forksLost, events } = result;
  const counts = {
    seeds: 1,
    accepted,
    refused,
    unknownsTold,
    attempts,
    crashes,
    stops,
    damaged,
    forksLost,
    events,
  };
  for (const [name, count] of Object.entries({ ...counts, ...result.ends })) {
    totals[name] = (totals[name] ?? 0) + count;
  }
}

process.exitCode = await main();
