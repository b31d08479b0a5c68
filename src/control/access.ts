/** Who may do what: bearer tokens with roles, compared in constant time, and no page of another site. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { HotslotError } from '../errors/hotslot-error.js';
import type { Request } from './http-exchange.js';

export type Role = 'open' | 'read' | 'trade' | 'admin';

const RANK: { readonly [R in Role]: number } = { open: 0, read: 1, trade: 2, admin: 3 };

const LOOPBACK_HOST = /^(127(?:\.\d{1,3}){3}|localhost|\[::1\])(:\d{1,5})?$/i;

export interface AccessOptions {
  readonly admin: string | undefined;
  readonly trade: string | undefined;
  readonly read: string | undefined;
  /** The control plane listens on loopback only. */
  readonly loopback: boolean;
}

export class Access {
  readonly #tokens: readonly { readonly role: Role; readonly digest: Buffer }[];
  readonly #loopback: boolean;

  constructor(options: AccessOptions) {
    const given = [
      ['admin', options.admin],
      ['trade', options.trade],
      ['read', options.read],
    ] as const;
    this.#tokens = given.flatMap(([role, token]) =>
      token === undefined ? [] : [{ role, digest: digestOf(token) }],
    );
    this.#loopback = options.loopback;
  }

  /** Whether any token is configured; without one, loopback may do everything. */
  get needsToken(): boolean {
    return this.#tokens.length > 0;
  }

  /**
   * @throws HotslotError ORIGIN_REFUSED, UNAUTHENTICATED, FORBIDDEN
   */
  assertMay(request: Pick<Request, 'headers'>, needed: Role): void {
    this.#assertSameSite(request.headers);
    if (needed === 'open' || !this.needsToken) return;
    const role = this.#roleOf(request.headers.authorization);
    if (role === undefined) throw new HotslotError('UNAUTHENTICATED');
    if (RANK[role] < RANK[needed]) throw new HotslotError('FORBIDDEN', { context: { role, needed } });
  }

  /** A browser sends Origin with whatever another site's page asks for, and Host shows a rebound name. */
  #assertSameSite(headers: Request['headers']): void {
    if (this.#loopback && headers.host !== '' && !LOOPBACK_HOST.test(headers.host)) {
      throw new HotslotError('ORIGIN_REFUSED', { detail: 'The Host header names another host.' });
    }
    if (headers.origin === '') return;
    if (headers.origin !== `http://${headers.host}` && headers.origin !== `https://${headers.host}`) {
      throw new HotslotError('ORIGIN_REFUSED');
    }
  }

  #roleOf(authorization: string): Role | undefined {
    const match = /^Bearer ([\x21-\x7e]{1,4096})$/i.exec(authorization);
    if (!match) return undefined;
    const digest = digestOf(match[1]!);
    let found: Role | undefined;
    // Every token is compared, so that the time says nothing of which one was close.
    for (const token of this.#tokens) {
      if (timingSafeEqual(token.digest, digest)) found ??= token.role;
    }
    return found;
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
