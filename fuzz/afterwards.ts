/** After the storm: is everything as it was, does a normal trade land, is the journal whole? */
import { setTimeout as delay } from 'node:timers/promises';
import { readJournal } from '../drill/journal-reader.js';
import { type LogLine, readFaults } from '../drill/log-reader.js';
import { OrderMaker, readReserves } from '../drill/order-maker.js';
import { seeded } from '../drill/seeded.js';
import { compareWithLedger, type KeptLedger, type LedgerStatus } from './ledger-comparison.js';
import { openFiles } from './process-facts.js';
import type { FuzzedSystem } from './system.js';

const READY_MS = 90_000;
const LANDED_MS = 60_000;
const POLL_MS = 100;
const TRIES = 3;
/** The cluster asks a silent HTTP/2 connection after 20 s whether it is there, and waits as long for its answer. */
const QUIET_MS = 60_000;
/** Kept-alive connections between the two may be a few more or less. */
const OPEN_FILES_SLACK = 12;
/** Trades whose ends are compared with the ledger, newest first; it keeps no more than its bound. */
const COMPARED_TRADES = 300;
/** The oldest block may be gone before it is asked for. */
const PRUNING_MARGIN_SLOTS = 16;

export interface OpenFiles {
  readonly executor: number;
  readonly cluster: number;
}

export function countOpenFiles(system: FuzzedSystem): OpenFiles {
  return { executor: openFiles(system.executorPid), cluster: openFiles(system.clusterPid) };
}

/** Waits until what the fuzzer opened has been closed; answers the last count. */
export async function settledOpenFiles(system: FuzzedSystem, before: OpenFiles): Promise<OpenFiles> {
  const deadline = Date.now() + QUIET_MS;
  for (;;) {
    const now = countOpenFiles(system);
    const isBack =
      now.executor <= before.executor + OPEN_FILES_SLACK && now.cluster <= before.cluster + OPEN_FILES_SLACK;
    if (isBack || Date.now() > deadline) return now;
    await delay(POLL_MS);
  }
}

export function leakedFiles(before: OpenFiles, after: OpenFiles): string | undefined {
  const names = (['executor', 'cluster'] as const).filter(
    (name) => after[name] > before[name] + OPEN_FILES_SLACK,
  );
  if (names.length === 0) return undefined;
  return names.map((name) => `${name}: ${before[name]} open files before, ${after[name]} after`).join('; ');
}

/** Undoes what valid requests have set, and trades. @returns the trade's state. @throws Error when none lands */
export async function tradeNormally({ control, executor, rig }: FuzzedSystem, seed: string): Promise<string> {
  await control.post('/api/kill-switch', { active: false, reason: 'the fuzzing is over' });
  const { breakers } = (await control.get('/api/circuit-breakers')) as { breakers: Record<string, unknown> };
  const names = Array.isArray(breakers)
    ? breakers.map(({ name }: { name: string }) => name)
    : Object.keys(breakers);
  for (const name of names) await control.post(`/api/circuit-breakers/${name}/close`, {});
  await control.ask('PUT', '/api/config/max-concurrent-trades', { value: 32 });
  await becomeReady({ control, executor });
  const orders = new OrderMaker({
    random: seeded(seed, 'afterwards'),
    pools: rig.cluster.info.pools,
    reserves: await readReserves(control),
    namePrefix: `after-${Date.now()}`,
    deadlineMs: { least: 30_000, most: 30_000 },
    shortestValidityBlocks: 150,
    shortLifeShare: 0,
    dryRunShare: 0,
    tightShare: 0,
  });
  let last = 'no trade was accepted';
  for (let left = TRIES; left > 0; left -= 1) {
    const { status, body } = await control.ask('POST', '/api/trades', orders.next(0));
    if (status !== 202) {
      last = JSON.stringify(body);
      await delay(POLL_MS * 20);
      continue;
    }
    last = await stateAtTheEnd(control, (body as { id: string }).id);
    if (last === 'confirmed' || last === 'finalized') return last;
  }
  throw new Error(`no normal trade landed: ${last}`);
}

async function becomeReady({ control }: Pick<FuzzedSystem, 'control' | 'executor'>): Promise<void> {
  const deadline = Date.now() + READY_MS;
  for (;;) {
    const { status, body } = await control.ask('GET', '/readyz');
    if (status === 200) return;
    if (Date.now() > deadline) throw new Error(`not ready afterwards: ${JSON.stringify(body)}`);
    await delay(POLL_MS);
  }
}

async function stateAtTheEnd(control: FuzzedSystem['control'], id: string): Promise<string> {
  const deadline = Date.now() + LANDED_MS;
  let state = 'accepted';
  while (Date.now() < deadline) {
    ({ state } = (await control.get(`/api/trades/${id}`)) as { state: string });
    if (['confirmed', 'finalized', 'failed', 'expired', 'denied', 'cancelled'].includes(state)) return state;
    await delay(POLL_MS);
  }
  return state;
}

/** What the log holds of faults that have no code, and of what the executor held to be impossible. */
export function loggedFaults(logFile: string): readonly string[] {
  return readFaults(logFile)
    .filter((line) => /unexpected|unhandled|uncaught/i.test(line.message) || isInvariant(line))
    .map((line) => JSON.stringify(line).slice(0, 500));
}

function isInvariant(line: LogLine): boolean {
  return 'kind' in line && line.kind === 'invariant';
}

/** Ends the executor in order and compares its journal with the ledger. @returns what does not fit */
export async function compareJournal(system: FuzzedSystem): Promise<readonly string[]> {
  if (!(await system.executor.stop())) return ['the executor did not end in order'];
  const journal = readJournal(system.rig.journalDirectory);
  return [...journal.faults, ...(await compareWithLedger(journal.trades, ledgerOf(system), COMPARED_TRADES))];
}

function ledgerOf(system: FuzzedSystem): KeptLedger {
  return {
    async statuses(signatures) {
      const options = { searchTransactionHistory: true };
      const answer = await system.rpc('getSignatureStatuses', [signatures, options]);
      return (answer as { value: (LedgerStatus | null)[] }).value;
    },
    async keptFromHeight() {
      const first = (await system.rpc('getFirstAvailableBlock', [])) as number;
      const slots = (await system.rpc('getBlocksWithLimit', [first + PRUNING_MARGIN_SLOTS, 1])) as number[];
      if (slots[0] === undefined) return Number.POSITIVE_INFINITY;
      const block = await system.rpc('getBlock', [slots[0], { transactionDetails: 'none', rewards: false }]);
      return (block as { blockHeight: number }).blockHeight;
    },
  };
}
