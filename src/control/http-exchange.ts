/** One request and its answer on uWebSockets.js: bounded body, JSON out, problems as RFC 9457 documents. */
import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { ERROR_CODES, type ErrorCode } from '../errors/codes.js';
import { HotslotError } from '../errors/hotslot-error.js';
import type { AccessHeaders, Role } from './access.js';
import { type WriteOptions, writeAnswer } from './write-answer.js';

/** Longest request body, bytes. */
export const MAX_BODY_BYTES = 64 * 1024;
/** Longest query, and longest part of a path, characters. */
export const MAX_ADDRESS_LENGTH = 2_048;

export interface Answer {
  readonly status: number;
  /** Serialised already, or a value that JSON can carry once bigints are text. */
  readonly body: unknown;
  readonly contentType?: string;
  readonly headers?: { readonly [name: string]: string };
}

/**
 * What a handler sees of a request; copied out, because uWebSockets' own object dies with the callback. What the
 * route does not declare is not read.
 */
export interface Request {
  readonly method: string;
  /** Of the route, with its `:name`s. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly parameters: readonly string[];
  /** The Accept header of a route that answers in several types; else empty. */
  readonly accept: string;
  /** Who asks: at least the route's role. */
  readonly caller: Role;
  /** Monotonic microseconds at which the request's head was read. */
  readonly receivedUs: number;
  /** Parsed JSON; undefined for an empty body. */
  readonly body: unknown;
}

export type Handler = (request: Request) => Answer | Promise<Answer>;

export const json = (body: unknown, status = 200): Answer => ({ status, body });

/** JSON with bigints as decimal strings, the way amounts come in. */
export function stringify(value: unknown): string {
  return JSON.stringify(value, (_key, one) => (typeof one === 'bigint' ? one.toString() : one));
}

/** RFC 9457 problem document of a coded error. */
export function problemOf(error: HotslotError): Answer {
  return {
    status: error.httpStatus,
    contentType: 'application/problem+json',
    ...headersOf(error),
    body: {
      type: `https://hotslot.dev/problems/${error.code}`,
      title: ERROR_CODES[error.code].message,
      status: error.httpStatus,
      detail: error.message,
      code: error.code,
      ...(error.field === undefined ? {} : { field: error.field }),
      ...(error.context === undefined ? {} : { context: error.context }),
    },
  };
}

/** What HTTP wants said beside the code. */
function headersOf({ code, context }: HotslotError): Pick<Answer, 'headers'> {
  if (code === 'UNAUTHENTICATED') return { headers: { 'WWW-Authenticate': 'Bearer' } };
  const retryAfterS = context?.retryAfterS;
  return retryAfterS === undefined ? {} : { headers: { 'Retry-After': String(retryAfterS) } };
}

/** A request whose head was read; `finish` answers once, and never after the client has gone. */
export class Exchange {
  readonly #response: HttpResponse;
  #isOver = false;

  constructor(response: HttpResponse) {
    this.#response = response;
    response.onAborted(() => {
      this.#isOver = true;
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  finish(answer: Answer, options?: WriteOptions): void {
    if (this.#isOver) return;
    writeAnswer(this.#response, answer, options);
    this.#isOver = true;
  }

  fail(code: ErrorCode, detail?: string, options?: WriteOptions): void {
    this.finish(problemOf(new HotslotError(code, detail === undefined ? {} : { detail })), options);
  }

  /** Reads the body within the bound, parses it and calls `then`; answers by itself when it cannot. */
  readJson(then: (body: unknown) => void): void {
    const chunks: Buffer[] = [];
    let size = 0;
    this.#response.onData((chunk, isLast) => {
      if (this.#isOver) return;
      size += chunk.byteLength;
      if (size > MAX_BODY_BYTES) {
        // What is left of it would otherwise be read to its end.
        this.fail('BODY_TOO_LARGE', `At most ${MAX_BODY_BYTES} bytes.`, { closes: true });
        return;
      }
      let bytes = Buffer.from(chunk);
      if (!isLast || chunks.length > 0) {
        // The chunk's memory is the server's and is reused after this callback.
        chunks.push(Buffer.from(bytes));
        if (!isLast) return;
        bytes = Buffer.concat(chunks);
      }
      const text = bytes.toString('utf8');
      const parsed = parseJson(text);
      if (parsed === INVALID) this.fail('INTENT_MALFORMED', 'The body is not JSON.');
      else then(parsed);
    });
  }
}

const INVALID = Symbol('invalid JSON');

/** An empty body is no body; anything else must be JSON whatever its content type says. */
function parseJson(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return INVALID;
  }
}

/** The head of a request that no route takes, or that is upgraded. */
export interface Head {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: AccessHeaders;
}

/** @throws HotslotError HEAD_TOO_LARGE */
export function readHead(request: HttpRequest): Head {
  return {
    method: request.getMethod().toUpperCase(),
    path: request.getUrl(),
    query: readQuery(request),
    headers: {
      authorization: request.getHeader('authorization'),
      origin: request.getHeader('origin'),
      host: request.getHeader('host'),
    },
  };
}

/** For reading: requests without a query share it. */
export const NO_QUERY = new URLSearchParams();

/** @throws HotslotError HEAD_TOO_LARGE */
export function readQuery(request: HttpRequest): URLSearchParams {
  const text = request.getQuery() ?? '';
  return text === '' ? NO_QUERY : new URLSearchParams(within(text));
}

const NO_PARAMETERS: readonly string[] = [];

/** @throws HotslotError HEAD_TOO_LARGE */
export function readParameters(request: HttpRequest, count: number): readonly string[] {
  if (count === 0) return NO_PARAMETERS;
  return Array.from({ length: count }, (_, index) => decode(within(request.getParameter(index) ?? '')));
}

function within(text: string): string {
  if (text.length <= MAX_ADDRESS_LENGTH) return text;
  throw new HotslotError('HEAD_TOO_LARGE', {
    detail: `At most ${MAX_ADDRESS_LENGTH} characters of path or query.`,
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
