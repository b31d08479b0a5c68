/**
 * `npm run bench:soak`: minutes of trades and account updates, and what the executor's memory does meanwhile. The
 * heap is judged by its low points, right after collections: between them it rises whatever happens. The index of past
 * trades is a file that grows with them; its mapped pages, which the system takes back at need, are told apart.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { mappedFileBytes } from '../../fuzz/process-facts.js';
import { runProgram } from '../../src/cli/command-line.js';
import type { ControlClient } from '../../src/cli/control-client.js';
import { wholeNumber } from '../../src/cli/number-options.js';
import { INDEX_FILE } from '../../src/journal/trade-index.js';
import { PACKAGE_ROOT } from '../environment.js';
import { Arena, controlClientOf, type Target } from '../support/arena.js';
import { offerIntents } from '../support/intent-load.js';
import { type Census, takeCensus } from './census.js';
import { memorySvg } from './memory-svg.js';
import { lowPoints, type MemorySample, slopeOf } from './slope.js';

const SEED = 'soak';
const SAMPLE_MS = 1_000;
const SETTLE_MS = 90_000;
/** Code is compiled, caches and recent trades fill: what comes before says nothing of leaks. */
const SETTLED_SHARE = 0.4;
const PICTURE = join(PACKAGE_ROOT, 'bench', 'results', 'soak.svg');
/** Just enough to see that it computes what it says. */
const SMOKE = { minutes: 0.05, rate: 20, updates: 200 } as const;

interface Options {
  readonly minutes: number;
  readonly rate: number;
  readonly updates: number;
  readonly smoke: boolean;
  readonly json: boolean;
}

async function main({ smoke, json, ...asked }: Options): Promise<void> {
  const { minutes, rate, updates } = smoke ? SMOKE : asked;
  const arena = await Arena.open({ seed: SEED, peers: [] });
  try {
    await arena.setUpdates(updates);
    const sampler = new Sampler(arena.executorTarget, arena.executorPid);
    const target = arena.executorTarget;
    const count = Math.round(minutes * 60 * rate);
    const offered = await offerIntents({ ...target, run: 'soak', count, rate });
    const samples = await sampler.stop();
    const loop = await arena.loopDelay();
    const updatesReached = await arena.setUpdates(0);
    const { port, headers } = target;
    const census: Census = await takeCensus({ port, headers, offered, settleMs: SETTLE_MS });
    const settled = samples.slice(Math.floor(samples.length * SETTLED_SHARE));
    const heap = slopeOf(lowPoints(settled, 'heapUsed'));
    const resident = slopeOf(lowPoints(settled, 'resident'));
    const history = slopeOf(settled.map(({ atMs, history: bytes }) => ({ atMs, mb: bytes / 2 ** 20 })));
    const result = {
      minutes,
      landedPerSecond: census.landed / (minutes * 60),
      updatesPerSecond: updatesReached,
      heapMbPerMinute: heap.mbPerMinute,
      heapErrorMbPerMinute: heap.errorMbPerMinute,
      residentMbPerMinute: resident.mbPerMinute,
      residentErrorMbPerMinute: resident.errorMbPerMinute,
      historyMbPerMinute: history.mbPerMinute,
      heapMb: { first: mb(settled.at(0)?.heapUsed), last: mb(settled.at(-1)?.heapUsed) },
      residentMb: { first: mb(settled.at(0)?.resident), last: mb(settled.at(-1)?.resident) },
      loop,
      census,
    };
    if (!smoke) draw(samples);
    process.stdout.write(`${json ? JSON.stringify(result) : JSON.stringify(result, null, 2)}\n`);
    process.exitCode = census.unaccounted === 0 ? 0 : 1;
  } finally {
    await arena.close();
  }
}

function draw(samples: readonly MemorySample[]): void {
  mkdirSync(join(PACKAGE_ROOT, 'bench', 'results'), { recursive: true });
  writeFileSync(PICTURE, memorySvg(samples));
}

const mb = (bytes = 0) => Math.round(bytes / 2 ** 20);

/** Asks the executor for its memory once a second. */
class Sampler {
  readonly #client: ControlClient;
  readonly #pid: number;
  readonly #samples: MemorySample[] = [];
  readonly #running: Promise<void>;
  #stopped = false;

  constructor(target: Target, pid: number) {
    this.#pid = pid;
    this.#client = controlClientOf(target);
    this.#running = this.#run();
  }

  async stop(): Promise<readonly MemorySample[]> {
    this.#stopped = true;
    await this.#running;
    return this.#samples;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const memory = (await this.#client.get('/api/debug/memory')) as Omit<
        MemorySample,
        'history' | 'resident'
      >;
      const history = mappedFileBytes(this.#pid, INDEX_FILE);
      this.#samples.push({ ...memory, history, resident: memory.rss - history });
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    }
  }
}

const command = new Command('npm run bench:soak --')
  .description("Watches an executor's memory under minutes of load.")
  .option('--minutes <n>', 'how long', wholeNumber(1, 24 * 60), 10)
  .option('--rate <n>', 'trades a second', wholeNumber(1, 10_000), 200)
  .option('--updates <n>', 'account updates a second', wholeNumber(0, 100_000), 10_000)
  .option('--smoke', 'a few seconds, only to see that everything computes; draws nothing', false)
  .option('--json', 'one JSON object on the last line of standard output', false)
  .addHelpText('after', '\nExit codes: 0 every intent is accounted for, 1 not, 2 not done.')
  .action(main);

await runProgram(command);
process.exit();
