/**
 * Fetches again what a gap made suspect. Asked for at commitment confirmed, never processed: a node's processed
 * state may come from a fork that is lost a moment later, and nothing would say which fork it was; confirmed slots
 * form one chain. What the stream wrote in later slots lies on top of it by slot. The price is waiting until the
 * gap's slot is confirmed, some two slots; a request before that would be refused by every node.
 */
import { HotslotError } from '../errors/hotslot-error.js';
import type { Address, Slot } from '../model/brands.js';
import type { Clock, TimerHandle } from '../time/clock.js';
import type { Random } from '../time/random.js';
import type { FetchedState } from './account-cache.js';

/** getMultipleAccounts takes no more. */
export const ADDRESSES_A_CALL = 100;
const CALLS_AT_ONCE = 4;
/** Tries in a row before the failure is reported; then a rest, and a new row. */
export const TRIES_A_ROUND = 10;
const CALL_TIMEOUT_MS = 2_000;
const PAUSE_FIRST_MS = 100;
const PAUSE_MOST_MS = 1_600;
const REST_MS = 5_000;

export interface FetchedAnswer {
  readonly contextSlot: Slot;
  /** In the order asked; undefined where an account does not exist. */
  readonly accounts: readonly (FetchedState | undefined)[];
}

/** getMultipleAccounts at confirmed, of at most ADDRESSES_A_CALL addresses. */
export type FetchAccounts = (addresses: readonly Address[], minContextSlot: Slot) => Promise<FetchedAnswer>;

export interface RefetchSource {
  /** What can be fetched now. */
  due(): { readonly addresses: readonly Address[]; readonly minContextSlot: Slot } | undefined;
  /** Takes an answer; it may be too old for accounts that another gap has met meanwhile. */
  accept(
    contextSlot: Slot,
    addresses: readonly Address[],
    states: readonly (FetchedState | undefined)[],
  ): void;
}

export interface RefetcherOptions {
  readonly fetch: FetchAccounts;
  readonly source: RefetchSource;
  readonly clock: Clock;
  readonly random: Random;
  /** TRIES_A_ROUND tries failed in a row; trying goes on. */
  readonly onError: (error: unknown) => void;
}

export class Refetcher {
  readonly #options: RefetcherOptions;
  #busy = false;
  #pause: TimerHandle | undefined;
  #tries = 0;
  #closed = false;

  constructor(options: RefetcherOptions) {
    this.#options = options;
  }

  /** Something may have become due. */
  wake(): void {
    if (this.#busy || this.#pause !== undefined || this.#closed) return;
    const due = this.#options.source.due();
    if (due === undefined) return;
    this.#busy = true;
    void this.#round(due.addresses, due.minContextSlot).then((error) => this.#ended(error));
  }

  close(): void {
    this.#closed = true;
    this.#pause?.cancel();
  }

  #ended(error: unknown): void {
    this.#busy = false;
    if (this.#closed) return;
    let pauseMs = PAUSE_FIRST_MS;
    if (error === undefined) {
      this.#tries = 0;
    } else {
      this.#tries++;
      pauseMs = Math.min(PAUSE_MOST_MS, PAUSE_FIRST_MS * 2 ** (this.#tries - 1));
      if (this.#tries >= TRIES_A_ROUND) {
        this.#tries = 0;
        pauseMs = REST_MS;
        this.#options.onError(error);
      }
    }
    if (this.#options.source.due() === undefined) return;
    this.#pause = this.#options.clock.after(pauseMs * (0.5 + this.#options.random.next() / 2), () => {
      this.#pause = undefined;
      this.wake();
    });
  }

  /** One try for everything that is due; answers the first failure. What a listener throws is not a failure. */
  async #round(addresses: readonly Address[], minContextSlot: Slot): Promise<unknown> {
    let failure: unknown;
    for (let start = 0; start < addresses.length; start += ADDRESSES_A_CALL * CALLS_AT_ONCE) {
      const chunks: (readonly Address[])[] = [];
      for (let call = 0; call < CALLS_AT_ONCE; call++) {
        const from = start + call * ADDRESSES_A_CALL;
        if (from < addresses.length) chunks.push(addresses.slice(from, from + ADDRESSES_A_CALL));
      }
      const answers = await Promise.allSettled(chunks.map((chunk) => this.#fetch(chunk, minContextSlot)));
      if (this.#closed) return undefined;
      answers.forEach((answer, index) => {
        if (answer.status === 'rejected') failure ??= answer.reason;
        else this.#options.source.accept(answer.value.contextSlot, chunks[index]!, answer.value.accounts);
      });
    }
    return failure;
  }

  async #fetch(addresses: readonly Address[], minContextSlot: Slot): Promise<FetchedAnswer> {
    const { fetch, clock } = this.#options;
    let timer: TimerHandle | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = clock.after(CALL_TIMEOUT_MS, () => {
        reject(new HotslotError('RPC_TIMEOUT', { context: { timeoutMs: CALL_TIMEOUT_MS } }));
      });
    });
    try {
      const answer = await Promise.race([fetch(addresses, minContextSlot), timeout]);
      if (answer.contextSlot < minContextSlot || answer.accounts.length !== addresses.length) {
        throw new HotslotError('RPC_FAILED', {
          detail: 'The accounts it answered are older than asked for, or not as many.',
          context: { contextSlot: answer.contextSlot, minContextSlot },
        });
      }
      return answer;
    } finally {
      timer?.cancel();
    }
  }
}
