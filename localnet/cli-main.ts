/** The command: starts a cluster, says where it is, and ends it in order when told to. */
import { parseCliOptions } from './cli-options.js';
import { type Cluster, startCluster } from './cluster.js';
import { watchParent } from './orphan-watch.js';

/** Past this an orderly end is given up; connections of clients must not hold up a Ctrl-C. */
const CLOSE_WITHIN_MS = 950;
const STATUS_EVERY_MS = 10_000;

/**
 * Resolves when the cluster runs; the process then lives until it is told to end.
 * @param firstParentPid the parent as it was when the process began.
 */
export async function runCli(argv: readonly string[], firstParentPid: number): Promise<void> {
  const options = parseCliOptions(argv, process.env);
  let cluster: Cluster | undefined;
  let ending = false;
  const end = (exitCode: number): void => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(exitCode), CLOSE_WITHIN_MS).unref();
    Promise.resolve(cluster?.close()).then(
      () => process.exit(exitCode),
      (error: unknown) => {
        complain(error);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', () => end(0));
  process.on('SIGTERM', () => end(0));
  // A terminal that is gone or a pipe that nobody reads must not end a cluster that others use.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);

  cluster = await startCluster({
    ...options.cluster,
    onFault: (error) => {
      complain(error);
      end(1);
    },
  });
  process.stdout.write(`${JSON.stringify(cluster.info)}\n`);
  if (options.exitWithParent) {
    const { keepers } = cluster;
    watchParent(
      {
        firstParentPid,
        parentPid: () => process.ppid,
        keepers: () => keepers.count,
        nowMs: () => performance.now(),
      },
      () => end(0),
    );
  }
  if (!options.quiet) reportRegularly(cluster);
}

/** One line on standard error now and then: the first line stays the only one on standard output. */
function reportRegularly({ info, ledger, market }: Cluster): void {
  process.stderr.write(
    `localnet: JSON-RPC ${info.rpcUrl}, PubSub ${info.wsUrl}, Yellowstone ${info.grpcEndpoint}\n`,
  );
  if (!process.stderr.isTTY) return;
  setInterval(() => {
    const slots = `slot ${ledger.slot('processed')}, finalized ${ledger.slot('finalized')}`;
    const transactions = ledger.transactionCount('processed');
    process.stderr.write(
      `localnet: ${slots}, ${transactions} transactions, ${market.sentTotal()} market swaps sent\n`,
    );
  }, STATUS_EVERY_MS).unref();
}

export function complain(error: unknown): void {
  process.stderr.write(`localnet: ${error instanceof Error ? error.message : String(error)}\n`);
}
