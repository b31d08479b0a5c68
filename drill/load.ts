/** A steady stream of orders to one executor that stays up: an open loop, so that slowness cannot hide itself. */
import type { ControlClient } from '../src/cli/control-client.js';
import { delay } from './executor-process.js';
import type { OrderBook } from './order-book.js';
import type { OrderMaker } from './order-maker.js';

const POLL_MS = 200;
const POLL_MOST = 50;
/** Blocks that an executor is taken to have seen: none older than the shortest life that is asked for. */
const ALL_BLOCKS = 150;

export class Load {
  readonly #control: ControlClient;
  readonly #book: OrderBook;
  readonly #maker: OrderMaker;
  readonly #periodMs: number;
  readonly #answers = new Set<Promise<void>>();
  #ends = false;
  #running: Promise<unknown> | undefined;

  constructor(control: ControlClient, book: OrderBook, maker: OrderMaker, ratePerSecond: number) {
    this.#control = control;
    this.#book = book;
    this.#maker = maker;
    this.#periodMs = 1_000 / ratePerSecond;
  }

  start(): void {
    this.#running = Promise.all([this.#offer(), this.#poll()]);
  }

  /** Ends the offers and waits for their answers. */
  async stop(): Promise<void> {
    this.#ends = true;
    await this.#running;
    await Promise.all(this.#answers);
  }

  async #offer(): Promise<void> {
    let dueMs = performance.now();
    while (!this.#ends) {
      const answer = this.#book.offer(this.#control, this.#maker.next(ALL_BLOCKS));
      this.#answers.add(answer);
      void answer.finally(() => this.#answers.delete(answer));
      dueMs = Math.max(dueMs + this.#periodMs, performance.now() - this.#periodMs);
      await delay(Math.max(0, dueMs - performance.now()));
    }
  }

  async #poll(): Promise<void> {
    while (!this.#ends) {
      await this.#book.poll(this.#control, POLL_MOST);
      await delay(POLL_MS);
    }
  }
}
