/**
 * The control plane: GET /api/status of a running executor, beside an empty route of a bare uWebSockets.js server.
 * Both answer the same load generator, in turn.
 */
import { startOwnExecutor } from '../src/cli/own-executor.js';
import { type BenchOptions, type BenchOutcome, median, verify } from './measure.js';
import { startHelper } from './support/child.js';
import { figure } from './support/figures.js';
import type { HttpLoadOptions, HttpLoadReport } from './support/http-load.js';

/** Slots go on, but nothing trades: what is measured is the route, not the machine's other work. */
const QUIET_CLUSTER = '--market-rate 0 --skip-rate 0 --fork-rate 0';

export async function run({ smoke, runs }: BenchOptions): Promise<BenchOutcome> {
  const durationMs = smoke ? 100 : 2_000;
  const empty = await startHelper<{ port: number }>('empty-route', undefined);
  const load = await startHelper<void>('http-load', undefined);
  const executor = await startOwnExecutor({ LOCALNET_ARGS: QUIET_CLUSTER });
  try {
    const statusPort = Number(new URL(executor.controlUrl).port);
    const offer = async (port: number, path: string): Promise<number> => {
      const options: HttpLoadOptions = { port, path, durationMs };
      const report = await load.call<HttpLoadReport>('load', options);
      verify(path, report.refused === 0);
      if (path === STATUS) verify(path, 'risk' in JSON.parse(report.body));
      return report.requestsPerSecond;
    };
    const rates = { empty: [] as number[], status: [] as number[], livez: [] as number[] };
    // The first round is for the compiler and is not counted.
    for (let round = -1; round < runs; round += 1) {
      const seen = {
        empty: await offer(empty.ready.port, '/empty'),
        status: await offer(statusPort, STATUS),
        livez: await offer(statusPort, '/livez'),
      };
      if (round < 0) continue;
      for (const name of ['empty', 'status', 'livez'] as const) rates[name].push(seen[name]);
    }
    return {
      ratios: {
        status_vs_empty_route: median(rates.status.map((rate, round) => rate / rates.empty[round]!)),
      },
      results: [
        figure('http_empty_route', 'requests/s', rates.empty),
        figure('http_status', 'requests/s', rates.status),
        figure('http_livez', 'requests/s', rates.livez),
      ],
    };
  } finally {
    await executor.stop();
    await load.stop();
    await empty.stop();
  }
}

const STATUS = '/api/status';
