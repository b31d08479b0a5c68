/** Who may do what: bearer tokens with roles, compared in constant time, and no page of another site. */
import { timingSafeEqual } from 'node:crypto';
import { HotslotError } from '../errors/hotslot-error.js';

/**
 * What a route needs. `open` needs nothing. `stop` is for routes that stop: a token that may trade, or no token at all
 * where only this machine can reach the port.
 */
export type Role = 'open' | 'stop' | 'read' | 'trade' | 'admin';

/** Without a token nobody is more than a passer-by, also where a stop was let through. */
const RANK: { readonly [R in Role]: number } = { open: 0, stop: 0, read: 1, trade: 2, admin: 3 };

/** Longest token, characters of ASCII. */
const MAX_TOKEN_LENGTH = 1_024;
const BEARER = new RegExp(`^Bearer ([\\x21-\\x7e]{1,${MAX_TOKEN_LENGTH}})$`, 'i');

const LOOPBACK_HOST = /^(127(?:\.\d{1,3}){3}|localhost|\[::1\])(:\d{1,5})?$/i;

/** The headers that decide; an absent one is empty. */
export interface AccessHeaders {
  readonly host: string;
  readonly origin: string;
  readonly authorization: string;
}

export interface AccessOptions {
  readonly admin: string | undefined;
  readonly trade: string | undefined;
  readonly read: string | undefined;
  /** The control plane listens on loopback only. */
  readonly loopback: boolean;
}

export class Access {
  readonly #tokens: readonly { readonly role: Role; readonly bytes: Buffer }[];
  /** The token that is asked about, padded like the configured ones. */
  readonly #asked = Buffer.alloc(MAX_TOKEN_LENGTH);
  readonly isLoopback: boolean;
  /** The Host header that passed last: nearly always the next one too. */
  #knownHost = '';

  constructor(options: AccessOptions) {
    const given = [
      ['admin', options.admin],
      ['trade', options.trade],
      ['read', options.read],
    ] as const;
    this.#tokens = given.flatMap(([role, token]) =>
      token === undefined ? [] : [{ role, bytes: padded(token) }],
    );
    this.isLoopback = options.loopback;
  }

  /** Whether any token is configured; without one, loopback may do everything. */
  get needsToken(): boolean {
    return this.#tokens.length > 0;
  }

  /**
   * @returns the role of whoever asks; `open` or `stop` for one without a token
   * @throws HotslotError ORIGIN_REFUSED, UNAUTHENTICATED, FORBIDDEN
   */
  assertMay({ headers }: { readonly headers: AccessHeaders }, needed: Role): Role {
    this.#assertSameSite(headers);
    if (needed === 'open') return 'open';
    if (!this.needsToken) return 'admin';
    if (needed === 'stop' && this.isLoopback && headers.authorization === '') return 'stop';
    const role = this.#roleOf(headers.authorization);
    if (role === undefined) throw unauthenticated(headers.authorization !== '');
    assertRank(role, needed === 'stop' ? 'trade' : needed);
    return role;
  }

  /** A browser sends Origin with whatever another site's page asks for, and Host shows a rebound name. */
  #assertSameSite({ host, origin }: AccessHeaders): void {
    if (this.isLoopback && host !== this.#knownHost) {
      if (host !== '' && !LOOPBACK_HOST.test(host))
        throw new HotslotError('ORIGIN_REFUSED', { detail: 'The Host header names another host.' });
      this.#knownHost = host;
    }
    if (origin === '') return;
    if (origin !== `http://${host}` && origin !== `https://${host}`) throw new HotslotError('ORIGIN_REFUSED');
  }

  #roleOf(authorization: string): Role | undefined {
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) return undefined;
    // Compared at full width, zeros behind: neither length nor likeness shows in the time, and it costs a quarter of
    // what hashing both would. No token has a zero in it.
    this.#asked.fill(0).write(token, 'latin1');
    let found: Role | undefined;
    // Every token is compared, so that the time says nothing of which one was close.
    for (const { role, bytes } of this.#tokens) {
      if (timingSafeEqual(bytes, this.#asked)) found ??= role;
    }
    return found;
  }
}

/**
 * For what only the body shows to be more than the route's role.
 * @throws HotslotError UNAUTHENTICATED for one without a token, FORBIDDEN
 */
export function assertRank(role: Role, needed: Role): void {
  if (RANK[role] >= RANK[needed]) return;
  if (RANK[role] === 0) throw new HotslotError('UNAUTHENTICATED');
  throw new HotslotError('FORBIDDEN', { context: { role, needed } });
}

function unauthenticated(isTokenShown: boolean): HotslotError {
  const detail = 'The one that came is none of those configured.';
  return new HotslotError('UNAUTHENTICATED', isTokenShown ? { detail } : {});
}

function padded(token: string): Buffer {
  if (token.length > MAX_TOKEN_LENGTH)
    throw new HotslotError('CONFIG_INVALID', { detail: 'A token is too long.' });
  const bytes = Buffer.alloc(MAX_TOKEN_LENGTH);
  bytes.write(token, 'latin1');
  return bytes;
}
