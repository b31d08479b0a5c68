/** Several RPC nodes behind one face: the healthiest is asked first, the next one when it fails. */
import { HotslotError } from '../errors/hotslot-error.js';
import type { Clock } from '../time/clock.js';
import { type RpcCaller, RpcResponseError } from './rpc-client.js';

/** Weight of the newest call in the running means of time and failure. */
const SMOOTHING = 0.2;
/** A node that just failed is asked last for this long. */
const PENALTY_MS = 2_000;
/** A failing node counts as this many milliseconds slower for each unit of its failure share. */
const FAILURE_COST_MS = 5_000;
/** Slots that a node may be behind at no cost: answers take time, and the stream may be the first. */
const LAG_TOLERANCE_SLOTS = 2;
/** A lagging node counts as this many milliseconds slower for each slot more. */
const LAG_COST_MS = 200;
/** RPC codes that speak of the node and not of the request: another node may know better. */
const NODE_FAULT_CODES: ReadonlySet<number> = new Set([-32004, -32005, -32014, -32016, -32603]);
/**
 * RPC codes of a node that is well and does not have what is asked for: a key left out of its secondary index, no
 * transaction history, a scan that it broke off, its long-term storage out of reach (Agave's `custom_error.rs`).
 */
const LACKS_DATA_CODES: ReadonlySet<number> = new Set([-32010, -32011, -32012, -32019]);

/** Whether a node has said no to the request itself, which another node would say as well. */
export function isRefusal(error: unknown): boolean {
  return isAnswer(error) && !LACKS_DATA_CODES.has(error.rpcCode);
}

/** Whether the node is well, whatever it said: one that keeps no history is asked first for all else. */
function isAnswer(error: unknown): error is RpcResponseError {
  return error instanceof RpcResponseError && !NODE_FAULT_CODES.has(error.rpcCode);
}

export interface RpcHealth {
  readonly host: string;
  readonly meanMs: number;
  /** 0 to 1, recent calls weigh more. */
  readonly failureShare: number;
  readonly calls: number;
  readonly lastOkAtMs: number | undefined;
  /** Whether its newest call failed; false before the first. */
  readonly isFailing: boolean;
  /** Its breaker was opened by hand: it is not asked, whatever its figures say. */
  readonly isForcedOpen: boolean;
  readonly lastError: string | undefined;
  /** Slots behind the newest known when it was last measured; undefined before. */
  readonly lagSlots: number | undefined;
}

interface Node {
  readonly caller: RpcCaller;
  meanMs: number;
  failureShare: number;
  calls: number;
  lastOkAtMs: number | undefined;
  isFailing: boolean;
  /** Monotonic: the first of the failures since the last answer. */
  failingSinceUs: number;
  /** Monotonic. */
  failedAtUs: number;
  lastError: string | undefined;
  lagSlots: number | undefined;
}

/** Decides whether a node may be asked now (its circuit breaker), and hears how it went. */
export interface NodeGuard {
  isClosed(host: string): boolean;
  /** Opened by hand: not asked even where no other node is left. Default: never. */
  isForcedOpen?(host: string): boolean;
  succeeded(host: string, elapsedMs: number): void;
  failed(host: string, elapsedMs: number): void;
}

export class RpcPool {
  readonly #nodes: Node[];
  readonly #clock: Clock;
  readonly #guard: NodeGuard | undefined;
  #streamLagSlots: number | undefined;
  #noneAskedSinceUs: number | undefined;

  constructor(callers: readonly RpcCaller[], clock: Clock, guard?: NodeGuard) {
    if (callers.length === 0) throw new Error('an RPC pool needs at least one node');
    this.#clock = clock;
    this.#guard = guard;
    this.#nodes = callers.map((caller) => ({
      caller,
      meanMs: 0,
      failureShare: 0,
      calls: 0,
      lastOkAtMs: undefined,
      isFailing: false,
      failingSinceUs: 0,
      failedAtUs: Number.NEGATIVE_INFINITY,
      lastError: undefined,
      lagSlots: undefined,
    }));
  }

  get hosts(): readonly string[] {
    return this.#nodes.map((node) => node.caller.host);
  }

  health(): RpcHealth[] {
    return this.#nodes.map((node) => ({
      host: node.caller.host,
      meanMs: node.meanMs,
      failureShare: node.failureShare,
      calls: node.calls,
      lastOkAtMs: node.lastOkAtMs,
      isFailing: node.isFailing,
      isForcedOpen: this.#isForcedOpen(node),
      lastError: node.lastError,
      lagSlots: node.lagSlots,
    }));
  }

  /** Slots that the stream was behind the newest node when that was last measured; undefined before. */
  get streamLagSlots(): number | undefined {
    return this.#streamLagSlots;
  }

  /**
   * How long no node has answered, ms; 0 while one does. Nodes that were not asked yet count as answering, those whose
   * breaker was opened by hand do not: nothing is asked of them. With none left, since that was first looked at.
   */
  downMs(): number {
    const nowUs = this.#clock.monotonicUs();
    const asked = this.#nodes.filter((node) => !this.#isForcedOpen(node));
    this.#noneAskedSinceUs = asked.length > 0 ? undefined : (this.#noneAskedSinceUs ?? nowUs);
    if (!this.isDown) return 0;
    const sinceUs = this.#noneAskedSinceUs ?? Math.max(...asked.map((node) => node.failingSinceUs));
    return (nowUs - sinceUs) / 1_000;
  }

  /** Whether no node answers now. */
  get isDown(): boolean {
    return this.#nodes.every((node) => node.isFailing || this.#isForcedOpen(node));
  }

  /**
   * Asks nodes in order of health until one answers; each node at most once.
   * @param options.turn begins with the node that many places further down, and round from the last to the first:
   *   for a question that the healthiest has answered and could not settle
   * @throws the last node's error (HotslotError RPC_TIMEOUT or RPC_FAILED, or RpcResponseError), or
   *         HotslotError BREAKER_OPEN when every node's breaker was opened by hand
   */
  async call(
    method: string,
    params: readonly unknown[],
    options: { timeoutMs?: number; host?: string; turn?: number } = {},
  ): Promise<{ result: unknown; host: string }> {
    let failure: unknown = new HotslotError('BREAKER_OPEN', { detail: 'No RPC endpoint may be asked.' });
    for (const node of inTurn(this.#inOrder(options.host), options.turn ?? 0)) {
      try {
        return { result: await this.#ask(node, method, params, options.timeoutMs), host: node.caller.host };
      } catch (error) {
        if (isRefusal(error)) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  /**
   * Asks every node whose breaker is closed for its processed slot. How far each is behind the newest of them, and
   * behind `newestSlot` (the stream's head), counts in its health. Failures count there too and are not thrown.
   */
  async measureLag(newestSlot: number): Promise<void> {
    const answers = await Promise.allSettled(
      this.#nodes
        .filter((node) => this.#isClosed(node))
        .map(async (node) => {
          const slot = await this.#ask(node, 'getSlot', [{ commitment: 'processed' }], undefined);
          return { node, slot: typeof slot === 'number' ? slot : 0 };
        }),
    );
    const measured = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const newest = Math.max(newestSlot, ...measured.map(({ slot }) => slot));
    for (const { node, slot } of measured) node.lagSlots = newest - slot;
    if (measured.length > 0 && newestSlot > 0) this.#streamLagSlots = newest - newestSlot;
  }

  async #ask(node: Node, method: string, params: readonly unknown[], timeoutMs?: number): Promise<unknown> {
    const startedUs = this.#clock.monotonicUs();
    try {
      const result = await node.caller.call(method, params, timeoutMs === undefined ? {} : { timeoutMs });
      this.#record(node, startedUs, undefined);
      return result;
    } catch (error) {
      this.#record(node, startedUs, isAnswer(error) ? undefined : error);
      throw error;
    }
  }

  #record(node: Node, startedUs: number, error: unknown): void {
    const elapsedMs = (this.#clock.monotonicUs() - startedUs) / 1000;
    const weight = node.calls === 0 ? 1 : SMOOTHING;
    node.calls += 1;
    node.meanMs += weight * (elapsedMs - node.meanMs);
    node.failureShare += weight * ((error === undefined ? 0 : 1) - node.failureShare);
    if (error !== undefined && !node.isFailing) node.failingSinceUs = this.#clock.monotonicUs();
    node.isFailing = error !== undefined;
    if (error === undefined) {
      node.lastOkAtMs = this.#clock.nowMs();
      this.#guard?.succeeded(node.caller.host, elapsedMs);
      return;
    }
    node.failedAtUs = this.#clock.monotonicUs();
    node.lastError =
      error instanceof HotslotError ? error.code : error instanceof Error ? error.message : 'unknown';
    this.#guard?.failed(node.caller.host, elapsedMs);
  }

  #isForcedOpen(node: Node): boolean {
    return this.#guard?.isForcedOpen?.(node.caller.host) ?? false;
  }

  #isClosed(node: Node): boolean {
    return this.#guard?.isClosed(node.caller.host) ?? true;
  }

  /** Nodes with an open breaker are routed around. Where failures opened all of them, asking is still better. */
  #inOrder(host: string | undefined): Node[] {
    const nowUs = this.#clock.monotonicUs();
    const asked = this.#nodes.filter((node) => host === undefined || node.caller.host === host);
    const closed = asked.filter((node) => this.#isClosed(node));
    const usable =
      closed.length > 0
        ? closed
        : asked.filter((node) => this.#guard?.isForcedOpen?.(node.caller.host) === false);
    return usable.sort((a, b) => costMs(a, nowUs) - costMs(b, nowUs));
  }
}

function inTurn<T>(all: readonly T[], turn: number): readonly T[] {
  const first = all.length === 0 ? 0 : turn % all.length;
  return first === 0 ? all : [...all.slice(first), ...all.slice(0, first)];
}

/** What asking this node costs, as far as is known. */
function costMs(node: Node, nowUs: number): number {
  const lag = Math.max(0, (node.lagSlots ?? 0) - LAG_TOLERANCE_SLOTS);
  const penalty = nowUs - node.failedAtUs < PENALTY_MS * 1_000 ? FAILURE_COST_MS : 0;
  return node.meanMs + node.failureShare * FAILURE_COST_MS + lag * LAG_COST_MS + penalty;
}
