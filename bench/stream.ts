/**
 * Account updates from one Yellowstone server: our stream beside the package's own client, with the same
 * subscription. Each client is a process of its own; the server is the embedded cluster's, fed by hand, pushing as
 * fast as the client takes updates, and then at a set pace.
 */
import { type BenchOptions, type BenchOutcome, median, verify } from './measure.js';
import { type Helper, startHelper } from './support/child.js';
import { figure } from './support/figures.js';
import type { StreamReport } from './support/stream-client.js';
import type { PushOptions } from './support/stream-server.js';
import { poolAccounts } from './support/synthetic-feed.js';

const POOLS = 64;
const PACED_RATE = 10_000;
const KINDS = ['hotslot', 'official'] as const;
type Kind = (typeof KINDS)[number];

interface Round {
  readonly updatesPerSecond: number;
  readonly cpuUsPerUpdate: number;
}

export async function run({ smoke, runs }: BenchOptions): Promise<BenchOutcome> {
  const durationMs = smoke ? 300 : 3_000;
  const accounts = Array.from({ length: POOLS }, (_, index) => poolAccounts(index)).flat();
  const server = await startHelper<{ port: number }>('stream-server', { pools: POOLS });
  try {
    const measure = (kind: Kind, push: PushOptions) => oneRound(server, kind, accounts, push);
    const fast = { rate: 0, durationMs };
    const paced = { rate: PACED_RATE, durationMs };
    const rounds = { fast: emptyRounds(), paced: emptyRounds() };
    // The server's code is compiled in a round that does not count.
    if (!smoke) await measure('hotslot', fast);
    for (let round = 0; round < runs; round += 1) {
      // Each goes first in turn.
      const inOrder = round % 2 === 0 ? KINDS : KINDS.toReversed();
      for (const kind of inOrder) rounds.fast[kind].push(await measure(kind, fast));
      for (const kind of inOrder) rounds.paced[kind].push(await measure(kind, paced));
    }
    return outcome(rounds.fast, rounds.paced);
  } finally {
    await server.stop();
  }
}

type Rounds = { readonly [K in Kind]: Round[] };
const emptyRounds = (): Rounds => ({ hotslot: [], official: [] });

async function oneRound(
  server: Helper<{ port: number }>,
  kind: Kind,
  accounts: readonly string[],
  push: PushOptions,
): Promise<Round> {
  const client = await startHelper<void>('stream-client', undefined);
  try {
    await client.call('open', { kind, port: server.ready.port, accounts });
    const pushed = await server.call<{ updates: number; proof: number }>('push', push);
    const report = await client.call<StreamReport>('report', pushed.updates);
    verify(`stream (${kind})`, report.updates === pushed.updates && report.proof === pushed.proof);
    return {
      updatesPerSecond: (report.updates / report.wallMs) * 1000,
      cpuUsPerUpdate: report.cpuUs / report.updates,
    };
  } finally {
    await client.stop();
  }
}

function outcome(fast: Rounds, paced: Rounds): BenchOutcome {
  const rates = (kind: Kind) => fast[kind].map((round) => round.updatesPerSecond);
  const cpu = (rounds: Rounds, kind: Kind) => rounds[kind].map((round) => round.cpuUsPerUpdate);
  const over = (above: readonly number[], below: readonly number[]) =>
    median(above.map((value, round) => value / below[round]!));
  return {
    ratios: {
      stream_vs_official_client: over(rates('hotslot'), rates('official')),
      stream_cpu_vs_official_client: over(cpu(fast, 'official'), cpu(fast, 'hotslot')),
      stream_cpu_paced_vs_official_client: over(cpu(paced, 'official'), cpu(paced, 'hotslot')),
    },
    results: KINDS.flatMap((kind) => [
      figure(`stream_${kind}`, 'updates/s', rates(kind)),
      figure(`stream_${kind}_cpu`, 'us/update', cpu(fast, kind)),
      figure(`stream_${kind}_cpu_at_10k`, 'us/update', cpu(paced, kind)),
    ]),
  };
}
