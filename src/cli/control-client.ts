/** How scripts find and ask a running executor: HOTSLOT_URL, else data/run.json, else port 3000. */
import { request } from 'undici';
import { readRunInfo } from '../journal/data-dir.js';
import { dataDirOf, type Environment } from './environment.js';

const TIMEOUT_MS = 10_000;
/** Behind a refusal for want of a token. */
const TOKEN_HINT = 'Commands take theirs from API_TOKEN, API_TOKEN_TRADE or API_TOKEN_READ.';
const DEFAULT_URL = 'http://127.0.0.1:3000';
/** Of the commands alone: the executor knows where it listens. */
export const URL_VARIABLE = 'HOTSLOT_URL';

/** A problem document, or a connection that failed. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly status: number | undefined;
  readonly code: string | undefined;
  constructor(message: string, status?: number, code?: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export interface ControlAnswer {
  readonly status: number;
  readonly body: unknown;
}

export class ControlClient {
  readonly url: string;
  readonly #token: string | undefined;

  constructor(url: string, token: string | undefined) {
    this.url = url.replace(/\/$/, '');
    this.#token = token;
  }

  /** Any status is an answer. @param moreMs that the answer may take beyond the usual. @throws ControlError when nothing answers */
  async ask(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    body?: unknown,
    moreMs = 0,
  ): Promise<ControlAnswer> {
    try {
      const response = await request(this.url + path, {
        method,
        headers: {
          ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS + moreMs),
      });
      const text = await response.body.text();
      return { status: response.statusCode, body: text === '' ? undefined : JSON.parse(text) };
    } catch (cause) {
      throw new ControlError(`no executor answers at ${this.url}${reasonOf(cause)}`);
    }
  }

  /** @throws ControlError for a problem document too */
  async get(path: string): Promise<unknown> {
    return this.#expectOk(await this.ask('GET', path));
  }

  async post(path: string, body?: unknown): Promise<unknown> {
    return this.#expectOk(await this.ask('POST', path, body));
  }

  #expectOk({ status, body }: ControlAnswer): unknown {
    if (status < 400) return body;
    const problem = body as { detail?: string; code?: string } | undefined;
    const hint = status === 401 ? ` ${TOKEN_HINT}` : '';
    throw new ControlError(`${problem?.detail ?? `HTTP ${status}`}${hint}`, status, problem?.code);
  }
}

/** Where nobody listens the address says it all; whoever is silent or garbled may well run. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return ` (${String(cause)})`;
  return (cause as NodeJS.ErrnoException).code === 'ECONNREFUSED'
    ? ': start one with npm run start:trading'
    : ` (${cause.message})`;
}

export function controlUrl(environment: Environment): string {
  return environment[URL_VARIABLE] || (readRunInfo(dataDirOf(environment))?.controlUrl ?? DEFAULT_URL);
}

export function controlClient(environment: Environment): ControlClient {
  return new ControlClient(controlUrl(environment), controlToken(environment));
}

/** The token of the most rights that the environment has; an empty setting is none, as for the executor. */
export function controlToken(environment: Environment): string | undefined {
  const { API_TOKEN: admin, API_TOKEN_TRADE: trade, API_TOKEN_READ: read } = environment;
  return admin || trade || read || undefined;
}
