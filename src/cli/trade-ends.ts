/** What became of offered trades, asked of the executor until it has told; a fault on the way is no answer. */
import type { ControlAnswer, ControlClient } from './control-client.js';
import type { TradeReport } from './trade-report.js';

const POLL_MS = 200;
/** Longest wait for the last trade: an attempt's whole life of 150 blocks, three attempts, and some more. */
const SETTLE_TIMEOUT_MS = 300_000;
/** Longest search for what was offered without an answer: a restart lies within it. */
const SEARCH_TIMEOUT_MS = 30_000;
const ENDED = new Set(['confirmed', 'finalized', 'failed', 'expired', 'denied', 'cancelled', 'simulated']);

interface Question {
  readonly path: string;
  /** Takes an answer of 200 or 404. @returns whether it was the last one needed */
  readonly settles: (answer: ControlAnswer) => boolean;
}

/**
 * Asks for each trade until it is confirmed or has ended.
 * @returns by id; undefined for what the executor does not know, state `unknown` for what it never told of
 */
export async function settleTrades(
  client: ControlClient,
  ids: readonly string[],
): Promise<Map<string, TradeReport | undefined>> {
  const reports = new Map<string, TradeReport | undefined>(
    ids.map((id) => [id, { id, state: 'unknown', attempts: [], timesUs: {} }]),
  );
  const questions = ids.map((id) => ({
    path: `/api/trades/${id}`,
    settles: ({ status, body }: ControlAnswer) => {
      const report = status === 404 ? undefined : (body as TradeReport);
      reports.set(id, report);
      return report === undefined || ENDED.has(report.state);
    },
  }));
  await askUntilSettled(client, questions, SETTLE_TIMEOUT_MS);
  return reports;
}

/** An offer whose answer got lost may have been taken. @returns ids of trades by client order id, of those that were */
export async function findTaken(
  client: ControlClient,
  clientOrderIds: readonly string[],
): Promise<Map<string, string>> {
  const taken = new Map<string, string>();
  const questions = clientOrderIds.map((clientOrderId) => ({
    path: `/api/trades?clientOrderId=${clientOrderId}`,
    settles: ({ body }: ControlAnswer) => {
      const [trade] = (body as { trades?: readonly { id: string }[] }).trades ?? [];
      if (trade !== undefined) taken.set(clientOrderId, trade.id);
      return true;
    },
  }));
  await askUntilSettled(client, questions, SEARCH_TIMEOUT_MS);
  return taken;
}

async function askUntilSettled(
  client: ControlClient,
  questions: readonly Question[],
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let open = questions;
  for (;;) {
    const still: Question[] = [];
    for (const question of open) {
      if (Date.now() > deadline) return;
      const answer = await client.ask('GET', question.path).catch(() => undefined);
      const tells = answer?.status === 200 || answer?.status === 404;
      if (!tells || !question.settles(answer)) still.push(question);
    }
    if (still.length === 0) return;
    open = still;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
