/** What the admin interface can do, by route and method. */
import type { ChaosControls, ChaosSettings } from '../chaos/chaos.js';
import { collectGarbage } from '../collect-garbage.js';
import type { SlotConditions } from '../engine/messages.js';
import type { Keepers } from '../keepers.js';
import type { EngineClient, Ledger } from '../ledger/types.js';
import type { Market } from '../market/market.js';
import type { DropCounts } from './drop-counts.js';
import type { SubmissionRecord } from './submission-record.js';

/** Slots of one /step: more would keep its caller waiting for minutes. */
const STEP_SLOTS_MAX = 10_000;

type Action = (body: Record<string, unknown>, query: URLSearchParams) => unknown;
type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';
export type AdminActions = Readonly<Record<string, Partial<Record<Method, Action>>>>;

export interface AdminParts {
  readonly ledger: Ledger;
  readonly engine: EngineClient & { collectGarbage(): Promise<void> };
  readonly chaos: ChaosControls;
  readonly record: SubmissionRecord;
  readonly drops: DropCounts;
  readonly market: Pick<Market, 'swapsPerSecond' | 'setRate' | 'sentTotal'>;
  readonly keepers: Pick<Keepers, 'count'>;
  /** What the first line on standard output says; asked for late, since it names this server too. */
  readonly info: () => unknown;
}

export function adminActions(parts: AdminParts): AdminActions {
  const { ledger, engine, chaos, record, drops, market, keepers } = parts;
  const marketState = () => ({ swapsPerSecond: market.swapsPerSecond(), sentTotal: market.sentTotal() });
  return {
    '/info': { GET: () => parts.info() },
    '/slots': {
      GET: () => ({
        tip: ledger.tipSlot(),
        processed: ledger.slot('processed'),
        confirmed: ledger.slot('confirmed'),
        finalized: ledger.slot('finalized'),
        blockHeight: ledger.blockHeight('processed'),
      }),
    },
    '/conditions': {
      GET: () => engine.conditions(),
      // The engine checks names, types and ranges of whatever comes.
      PUT: (body) => engine.setConditions(body as Partial<SlotConditions>),
    },
    '/chaos': {
      GET: () => chaos.settings,
      // The table behind `set` checks names, types and ranges of whatever comes.
      PUT: (body) => chaos.set(body as Partial<ChaosSettings>),
      DELETE: () => chaos.clear(),
    },
    '/step': {
      POST: async (body) => {
        const slots = wholeNumber(body.slots ?? 1, 'slots', 1, STEP_SLOTS_MAX);
        // One at a time, so that what reacts to a slot (the market) has its part in the next.
        let slot = 0;
        for (let left = slots; left > 0; left -= 1) slot = await engine.step(1);
        return { slot };
      },
    },
    '/keepers': { GET: () => ({ keepers: keepers.count }) },
    // For whoever looks for a leak: what is resident afterwards is held by something.
    '/collect-garbage': {
      POST: async () => {
        await engine.collectGarbage();
        return collectGarbage();
      },
    },
    '/cut-streams': { POST: () => ({ streamServersTold: chaos.cutStreams() }) },
    '/record': {
      GET: (_body, query) => {
        const since = Number(query.get('sinceMs') ?? 0);
        if (!Number.isFinite(since)) throw new RangeError('sinceMs must be a number');
        return { receiptsTotal: record.receiptsTotal, submissions: record.list(since) };
      },
    },
    '/dropped': { GET: () => drops },
    '/market': {
      GET: marketState,
      PUT: (body) => {
        if (typeof body.swapsPerSecond !== 'number') throw new RangeError('swapsPerSecond must be a number');
        market.setRate(body.swapsPerSecond);
        return marketState();
      },
    },
  };
}

function wholeNumber(value: unknown, name: string, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${name} must be a whole number from ${min} to ${max}`);
  }
  return value;
}
