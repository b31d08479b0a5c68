/** One benchmark in a process of its own: `node dist/bench/one.js <name> <runs> <smoke|full> [realtime]`, its result on the last line. */
import { CATALOGUE } from './catalogue.js';

async function main(): Promise<void> {
  const [name, runs, kind, priority] = process.argv.slice(2);
  const entry = CATALOGUE.find((one) => one.name === name);
  if (entry === undefined) throw new Error(`there is no benchmark ${name}`);
  const run = await entry.load();
  const result = await run({
    smoke: kind === 'smoke',
    runs: Number(runs),
    realtime: priority === 'realtime',
  });
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

// What a benchmark started it ends itself; anything that lingers must not hold up the next one.
main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  },
);
