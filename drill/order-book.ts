/** The clients of a drill: their orders, and everything that they were told of each. */
import type { ControlClient } from '../src/cli/control-client.js';
import { ENDS } from './ends.js';
import type { ClientOrder, ToldState } from './evidence.js';
import { askOrUndefined, delay } from './executor-process.js';
import type { OrderBody } from './order-maker.js';

/** A client gives up after this many denials of one order. */
const MOST_TRIES = 40;
const RETRY_MS = 300;
const SETTLE_POLL_MS = 150;
/** Denials that a client may hope to see gone: it asks again with the same id. */
const RETRIABLE: ReadonlySet<number> = new Set([403, 429, 503]);

const LANDED_ENDS: ReadonlySet<string> = new Set(['finalized', 'failed']);

interface Order {
  readonly body: OrderBody;
  readonly tradeIds: Set<string>;
  readonly told: Map<string, ToldState>;
  last: ToldState | undefined;
  deniedFor: string | undefined;
  tries: number;
  notBeforeMs: number;
  saidMissing: boolean;
  noResendsToldAtMs: number | undefined;
}

/** A trade as `GET /api/trades/:id` gives it; the parts that are read here. */
export interface TradeAnswer {
  readonly id: string;
  readonly state: string;
  readonly attempts: readonly { readonly signature: string; readonly signedAtMs: number }[];
  readonly denial?: { readonly code: string; readonly context?: Readonly<Record<string, unknown>> };
  readonly timesUs?: { readonly sentUs?: number; readonly confirmedUs?: number };
  readonly outcome?: {
    readonly slot: number;
    readonly feeLamports?: string;
    readonly spent?: string;
    readonly received?: string;
    readonly slotDelta: number;
    readonly error?: string;
  };
}

export class OrderBook {
  readonly #retries: boolean;
  readonly #orders = new Map<string, Order>();
  /** Offered and not settled: no answer came, or a denial that may pass. Oldest first. */
  readonly #unsettled = new Set<Order>();
  /** Accepted and not known to have ended. */
  readonly #open = new Set<Order>();
  readonly #views = new Map<string, TradeAnswer>();
  resubmitted = 0;

  /** @param options.retries whether a client asks again after a denial that may pass; default true */
  constructor(options: { readonly retries?: boolean } = {}) {
    this.#retries = options.retries ?? true;
  }

  get accepted(): number {
    return [...this.#orders.values()].filter((order) => order.tradeIds.size > 0).length;
  }

  get denied(): number {
    return [...this.#orders.values()].filter((order) => order.deniedFor !== undefined).length;
  }

  get size(): number {
    return this.#orders.size;
  }

  get openCount(): number {
    return this.#open.size;
  }

  get unsettledCount(): number {
    return this.#unsettled.size;
  }

  /** Codes of denials before acceptance that were final, with their counts. */
  denialCodes(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { deniedFor } of this.#orders.values()) {
      if (deniedFor !== undefined) counts[deniedFor] = (counts[deniedFor] ?? 0) + 1;
    }
    return counts;
  }

  /** Codes of denials after acceptance, by the last thing told, with their counts. */
  laterDenialCodes(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { denial } of this.#views.values()) {
      if (denial !== undefined) counts[denial.code] = (counts[denial.code] ?? 0) + 1;
    }
    return counts;
  }

  /** The last view of each accepted trade. */
  views(): readonly TradeAnswer[] {
    return [...this.#views.values()];
  }

  /** An order whose answer never came, or whose denial may have passed. */
  nextUnsettled(nowMs: number): OrderBody | undefined {
    for (const order of this.#unsettled) {
      if (order.notBeforeMs > nowMs) continue;
      order.notBeforeMs = Number.POSITIVE_INFINITY;
      return order.body;
    }
    return undefined;
  }

  /** Offers an order, a new one or once more. */
  async offer(control: ControlClient, body: OrderBody): Promise<void> {
    const order = this.#orders.get(body.clientOrderId) ?? this.#add(body);
    order.notBeforeMs = Number.POSITIVE_INFINITY;
    if (order.tries > 0) this.resubmitted += 1;
    order.tries += 1;
    const answer = await askOrUndefined(control, 'POST', '/api/trades', body);
    if (answer === undefined) {
      // Nobody knows whether it was taken: the same id is offered again, as the contract allows.
      order.notBeforeMs = 0;
      return;
    }
    const content = answer.body as { id?: string; state?: string; code?: string };
    if (answer.status === 202 && content.id !== undefined && content.state !== undefined) {
      this.#unsettled.delete(order);
      this.#open.add(order);
      order.tradeIds.add(content.id);
      this.#tell(order, { id: content.id, state: content.state, attempts: [] });
    } else if (this.#retries && RETRIABLE.has(answer.status) && order.tries < MOST_TRIES) {
      order.notBeforeMs = Date.now() + RETRY_MS;
    } else {
      this.#unsettled.delete(order);
      order.deniedFor = content.code ?? `HTTP ${answer.status}`;
    }
  }

  /** Asks for the trades that have not ended, at most so many, those asked longest ago first. */
  async poll(control: ControlClient, most: number): Promise<void> {
    const asked = [...this.#open].slice(0, most);
    for (const order of asked) {
      this.#open.delete(order);
      this.#open.add(order);
      if (!(await this.#ask(control, order))) return;
    }
  }

  /** Waits until every accepted trade has ended, or for so long, and asks once more for each. */
  async settle(control: ControlClient, timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (this.#open.size > 0 && Date.now() < deadline) {
      await this.poll(control, this.#open.size);
      await delay(SETTLE_POLL_MS);
    }
    await this.#askAll(control);
  }

  async #askAll(control: ControlClient): Promise<void> {
    for (const order of this.#orders.values()) {
      if (order.tradeIds.size > 0 && !(await this.#ask(control, order))) {
        throw new Error('the executor did not answer at the end');
      }
    }
  }

  /** Cancels one of the open trades. */
  async cancelOne(control: ControlClient, pick: (count: number) => number): Promise<void> {
    const open = [...this.#open];
    const order = open[pick(open.length)];
    const id = order === undefined ? undefined : [...order.tradeIds][0];
    if (order === undefined || id === undefined) return;
    const answer = await askOrUndefined(control, 'POST', `/api/trades/${id}/cancel`, {});
    if (answer?.status !== 200) return;
    const { outcome } = answer.body as { outcome: string };
    if (outcome === 'noResends') order.noResendsToldAtMs ??= Date.now();
  }

  /** Everything that clients were told, for the checker. */
  told(): ClientOrder[] {
    return [...this.#orders.values()].map((order) => ({
      clientOrderId: order.body.clientOrderId,
      inputMint: order.body.inputMint,
      outputMint: order.body.outputMint,
      tradeIds: [...order.tradeIds],
      deniedFor: order.deniedFor,
      told: [...order.told.values()],
      last: order.last,
      saidMissing: order.saidMissing,
      noResendsToldAtMs: order.noResendsToldAtMs,
    }));
  }

  #add(body: OrderBody): Order {
    const order: Order = {
      body,
      tradeIds: new Set(),
      told: new Map(),
      last: undefined,
      deniedFor: undefined,
      tries: 0,
      notBeforeMs: 0,
      saidMissing: false,
      noResendsToldAtMs: undefined,
    };
    this.#orders.set(body.clientOrderId, order);
    this.#unsettled.add(order);
    return order;
  }

  async #ask(control: ControlClient, order: Order): Promise<boolean> {
    for (const id of order.tradeIds) {
      const answer = await askOrUndefined(control, 'GET', `/api/trades/${id}`);
      if (answer === undefined) return false;
      if (answer.status === 404) order.saidMissing = true;
      if (answer.status === 200) this.#tell(order, answer.body as TradeAnswer);
    }
    return true;
  }

  #tell(order: Order, answer: TradeAnswer): void {
    const { outcome } = answer;
    const told: ToldState = {
      atMs: Date.now(),
      tradeId: answer.id,
      state: answer.state,
      signatures: answer.attempts.map((attempt) => attempt.signature),
      outcome:
        outcome === undefined
          ? undefined
          : {
              slot: outcome.slot,
              feeLamports: outcome.feeLamports === undefined ? undefined : BigInt(outcome.feeLamports),
              spent: outcome.spent === undefined ? undefined : BigInt(outcome.spent),
              received: outcome.received === undefined ? undefined : BigInt(outcome.received),
            },
    };
    if (!order.told.has(told.state)) order.told.set(told.state, told);
    order.last = told;
    this.#views.set(answer.id, answer);
    // Its balances may be read a little later than its end is known.
    const isRead = !LANDED_ENDS.has(told.state) || told.outcome?.feeLamports !== undefined;
    if (ENDS.has(told.state) && isRead) this.#open.delete(order);
  }
}
