/** What stands before every handler: the rate of the client's address, and what the client may. */
import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { HotslotError } from '../errors/hotslot-error.js';
import type { Access, Role } from './access.js';
import { type RequestRate, ratedAddress } from './request-rate.js';

/** On loopback the clients are one machine. */
const THIS_MACHINE = 'loopback';

export interface GateOptions {
  readonly access: Access;
  readonly rate?: RequestRate;
}

export class Gate {
  readonly #access: Access;
  readonly #rate: RequestRate | undefined;

  constructor({ access, rate }: GateOptions) {
    this.#access = access;
    this.#rate = rate;
  }

  /**
   * Reads what it needs and no more. A stop that may be asked for is heard at any rate.
   * @returns the role of whoever asks
   * @throws HotslotError TOO_MANY_REQUESTS, and what Access throws
   */
  admit(response: HttpResponse, request: HttpRequest, needed: Role, nowUs: number): Role {
    if (needed !== 'stop') this.count(response, nowUs);
    try {
      return this.#access.assertMay({ headers: this.#headersOf(request, needed) }, needed);
    } catch (error) {
      if (needed === 'stop') this.count(response, nowUs);
      throw error;
    }
  }

  /** @throws HotslotError TOO_MANY_REQUESTS */
  count(response: HttpResponse, nowUs: number): void {
    if (this.#rate === undefined) return;
    const address = this.#access.isLoopback ? THIS_MACHINE : ratedAddress(response.getRemoteAddress());
    const retryAfterS = this.#rate.retryAfterS(address, nowUs);
    if (retryAfterS > 0) throw new HotslotError('TOO_MANY_REQUESTS', { context: { retryAfterS } });
  }

  #headersOf(request: HttpRequest, needed: Role) {
    const readsToken = needed !== 'open' && this.#access.needsToken;
    return {
      host: request.getHeader('host'),
      origin: request.getHeader('origin'),
      authorization: readsToken ? request.getHeader('authorization') : '',
    };
  }
}
