/**
 * Quotes and prices of Jupiter's HTTP API. Every question passes, in this order, the cache, the hold of an earlier
 * 429, the rate limit and the circuit breaker; what fails is told by code and never repeated here.
 */
import { Pool } from 'undici';
import { HotslotError } from '../errors/hotslot-error.js';
import type { Address } from '../model/brands.js';
import type { Breaker } from '../risk/breakers.js';
import type { Clock } from '../time/clock.js';
import { AgedCache } from './aged-cache.js';
import { readPrices, readQuote, readRefusal } from './answers.js';
import { BackOff } from './back-off.js';
import { TokenBucket } from './token-bucket.js';
import type { JupiterApiVersion, JupiterPrice, JupiterQuestion, JupiterQuote } from './types.js';

/** As the API documents it. */
export const MAX_PRICES_A_CALL = 50;
/** Different questions on their way at once. */
export const MAX_IN_FLIGHT = 32;
const CONNECTIONS = 8;
/** Largest answer that is read, bytes; fifty prices are some 10 KB. */
const MAX_RESPONSE_BYTES = 256 * 1024;
/** A quote or a price may be used again for so long. */
export const CACHE_AGE_MS = 1_000;
export const MAX_CACHED_QUOTES = 256;
export const MAX_CACHED_PRICES = 1_024;
const DEFAULT_SLIPPAGE_BPS = 50;

export interface JupiterClientOptions {
  /** http(s) URL that the API's paths follow; anything but its host is never shown. */
  readonly url: string;
  /** Sent as `x-api-key`, and shown nowhere. */
  readonly apiKey: string | undefined;
  readonly version: JupiterApiVersion;
  readonly timeoutMs: number;
  readonly requestsPerSecond: number;
  readonly breaker: Breaker;
  readonly clock: Clock;
}

/** A status by which the API says that it understood and has no route. */
const REFUSALS = new Set([400, 422]);

type Outcome<T> = { readonly value: T } | { readonly refusal: string };

export class JupiterClient {
  /** Host and port, for evidence. */
  readonly host: string;
  readonly #options: JupiterClientOptions;
  readonly #pool: Pool;
  readonly #basePath: string;
  readonly #bucket: TokenBucket;
  readonly #backOff: BackOff;
  readonly #quotes: AgedCache<JupiterQuote>;
  readonly #prices: AgedCache<JupiterPrice>;
  /** By path, so that the same question is asked once at a time. */
  readonly #inFlight = new Map<string, Promise<unknown>>();

  constructor(options: JupiterClientOptions) {
    const { clock, requestsPerSecond: ratePerSecond } = options;
    const url = new URL(options.url);
    this.host = url.host;
    this.#options = options;
    this.#basePath = url.pathname.replace(/\/$/, '');
    this.#pool = new Pool(url.origin, {
      connections: CONNECTIONS,
      connect: { timeout: options.timeoutMs },
      maxResponseSize: MAX_RESPONSE_BYTES,
    });
    this.#bucket = new TokenBucket({ ratePerSecond, burst: Math.max(1, Math.floor(ratePerSecond)), clock });
    this.#backOff = new BackOff(clock);
    this.#quotes = new AgedCache({ maxEntries: MAX_CACHED_QUOTES, maxAgeMs: CACHE_AGE_MS, clock });
    this.#prices = new AgedCache({ maxEntries: MAX_CACHED_PRICES, maxAgeMs: CACHE_AGE_MS, clock });
  }

  /**
   * What an exact input would bring now.
   * @throws HotslotError JUPITER_NO_ROUTE (`context.errorCode` is Jupiter's own), JUPITER_RATE_LIMITED
   *   (`context.retryAfterMs`), JUPITER_TIMEOUT, JUPITER_FAILED, BREAKER_OPEN
   */
  async quote(question: JupiterQuestion): Promise<JupiterQuote> {
    const { version } = this.#options;
    const query = new URLSearchParams({
      inputMint: question.inputMint,
      outputMint: question.outputMint,
      amount: question.amountIn.toString(),
      slippageBps: String(question.slippageBps ?? DEFAULT_SLIPPAGE_BPS),
    });
    const path = `/swap/${version}/${version === 'v2' ? 'order' : 'quote'}?${query}`;
    const known = this.#quotes.get(path);
    if (known !== undefined) return known;
    const quote = await this.#ask(path, (body) =>
      readQuote(body, question, version, this.#options.clock.nowMs()),
    );
    this.#quotes.set(path, quote);
    return quote;
  }

  /**
   * Dollar prices; mints that have none are missing from the answer. Each MAX_PRICES_A_CALL mints are a question of
   * their own: all are asked, whatever becomes of one.
   * @param onPrices hears of what is known already, then of every question's prices as they come: also where another fails
   * @throws HotslotError of the first question that failed, as `quote` does, but for JUPITER_NO_ROUTE
   */
  async prices(
    mints: readonly Address[],
    onPrices: (prices: readonly JupiterPrice[]) => void = () => undefined,
  ): Promise<ReadonlyMap<Address, JupiterPrice>> {
    const found = new Map<Address, JupiterPrice>();
    const unknown: Address[] = [];
    for (const mint of new Set(mints)) {
      const known = this.#prices.get(mint);
      if (known === undefined) unknown.push(mint);
      else found.set(mint, known);
    }
    if (found.size > 0) onPrices([...found.values()]);
    const failures: unknown[] = [];
    for (let start = 0; start < unknown.length; start += MAX_PRICES_A_CALL) {
      try {
        const prices = await this.#askPrices(unknown.slice(start, start + MAX_PRICES_A_CALL));
        for (const price of prices) found.set(price.mint, price);
        onPrices(prices);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
    return found;
  }

  async #askPrices(mints: readonly Address[]): Promise<readonly JupiterPrice[]> {
    const path = `/price/v3?ids=${mints.join(',')}`;
    const prices = await this.#ask(path, (body) => readPrices(body, mints, this.#now()));
    for (const price of prices) this.#prices.set(price.mint, price);
    return prices;
  }

  #now() {
    const { clock } = this.#options;
    return { receivedAtMs: clock.nowMs(), receivedUs: clock.monotonicUs() };
  }

  /** Ends the hold of a 429: called when the breaker is closed by hand. */
  forgetHold(): void {
    this.#backOff.clear();
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  #ask<T>(path: string, read: (body: unknown) => T | undefined): Promise<T> {
    const same = this.#inFlight.get(path);
    if (same !== undefined) return same as Promise<T>;
    const asked = this.#askOnce(path, read).finally(() => this.#inFlight.delete(path));
    this.#inFlight.set(path, asked);
    return asked;
  }

  async #askOnce<T>(path: string, read: (body: unknown) => T | undefined): Promise<T> {
    const { breaker } = this.#options;
    // An open one refuses at once: no turn is waited for, and none is used up.
    if (breaker.isUsable) await this.#takeTurn();
    const outcome = await breaker.execute(() => this.#send(path, read));
    if ('value' in outcome) return outcome.value;
    throw new HotslotError('JUPITER_NO_ROUTE', {
      context: { host: this.host, ...(outcome.refusal === '' ? {} : { errorCode: outcome.refusal }) },
    });
  }

  /** @throws HotslotError JUPITER_RATE_LIMITED where the turn would come later than an answer may */
  async #takeTurn(): Promise<void> {
    const { timeoutMs, clock } = this.#options;
    const heldMs = this.#backOff.remainingMs;
    if (heldMs > 0) throw this.#rateLimited(heldMs);
    const waitMs = this.#inFlight.size >= MAX_IN_FLIGHT ? undefined : this.#bucket.take(timeoutMs);
    if (waitMs === undefined) throw this.#rateLimited(this.#bucket.waitMs());
    if (waitMs > 0) await new Promise<void>((resolve) => clock.after(waitMs, resolve));
  }

  /** One request; what counts as a failure for the breaker is thrown, what Jupiter merely declines is not. */
  async #send<T>(path: string, read: (body: unknown) => T | undefined): Promise<Outcome<T>> {
    const { status, text, retryAfter } = await this.#get(path);
    if (status === 429) {
      this.#backOff.refused(retryAfter);
      throw this.#rateLimited(this.#backOff.remainingMs);
    }
    this.#backOff.answered();
    if (REFUSALS.has(status)) return { refusal: readRefusal(text) ?? '' };
    if (status !== 200) {
      const isKey = status === 401 || status === 403;
      throw this.#failed(`HTTP ${status}.${isKey ? ' Is JUPITER_API_KEY set and valid?' : ''}`, status);
    }
    const value = read(parse(text));
    if (value === undefined) throw this.#failed('The answer has not the documented form.', status);
    return { value };
  }

  async #get(path: string) {
    const { apiKey, timeoutMs } = this.#options;
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const response = await this.#pool.request({
        method: 'GET',
        path: this.#basePath + path,
        headers: { accept: 'application/json', ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }) },
        signal,
      });
      const retryAfter = response.headers['retry-after'];
      const text = await response.body.text();
      return {
        status: response.statusCode,
        text,
        retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
      };
    } catch (cause) {
      const code = signal.aborted ? 'JUPITER_TIMEOUT' : 'JUPITER_FAILED';
      throw new HotslotError(code, { context: { host: this.host, timeoutMs }, cause });
    }
  }

  /** The body is never repeated: a gateway may echo what it was sent. */
  #failed(detail: string, httpStatus: number): HotslotError {
    return new HotslotError('JUPITER_FAILED', { detail, context: { host: this.host, httpStatus } });
  }

  #rateLimited(retryAfterMs: number): HotslotError {
    const context = { host: this.host, retryAfterMs: Math.ceil(retryAfterMs) };
    return new HotslotError('JUPITER_RATE_LIMITED', { context });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
