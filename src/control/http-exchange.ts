/** One request and its answer on uWebSockets.js: bounded body, JSON out, problems as RFC 9457 documents. */
import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { ERROR_CODES, type ErrorCode } from '../errors/codes.js';
import { HotslotError } from '../errors/hotslot-error.js';

/** Longest request body, bytes. */
export const MAX_BODY_BYTES = 64 * 1024;

const STATUS_TEXT: { readonly [status: number]: string } = {
  200: '200 OK',
  202: '202 Accepted',
  400: '400 Bad Request',
  401: '401 Unauthorized',
  403: '403 Forbidden',
  404: '404 Not Found',
  405: '405 Method Not Allowed',
  408: '408 Request Timeout',
  409: '409 Conflict',
  413: '413 Content Too Large',
  422: '422 Unprocessable Content',
  429: '429 Too Many Requests',
  500: '500 Internal Server Error',
  502: '502 Bad Gateway',
  503: '503 Service Unavailable',
  504: '504 Gateway Timeout',
};

export interface Answer {
  readonly status: number;
  /** Serialised already, or a value that JSON can carry once bigints are text. */
  readonly body: unknown;
  readonly contentType?: string;
  readonly headers?: { readonly [name: string]: string };
}

/** What a handler sees of a request; copied out, because uWebSockets' own object dies with the callback. */
export interface Request {
  readonly method: string;
  readonly path: string;
  /** For reading: requests without one share it. */
  readonly query: URLSearchParams;
  readonly parameters: readonly string[];
  readonly headers: {
    readonly accept: string;
    readonly authorization: string;
    readonly origin: string;
    readonly host: string;
  };
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

  finish(answer: Answer): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const body =
      typeof answer.body === 'string' || answer.body instanceof Uint8Array
        ? answer.body
        : stringify(answer.body);
    this.#response.cork(() => {
      this.#response.writeStatus(STATUS_TEXT[answer.status] ?? String(answer.status));
      this.#response.writeHeader('Content-Type', answer.contentType ?? 'application/json');
      this.#response.writeHeader('Cache-Control', 'no-store');
      this.#response.writeHeader('X-Content-Type-Options', 'nosniff');
      for (const [name, value] of Object.entries(answer.headers ?? {}))
        this.#response.writeHeader(name, value);
      this.#response.end(body);
    });
  }

  fail(code: ErrorCode, detail?: string): void {
    this.finish(problemOf(new HotslotError(code, detail === undefined ? {} : { detail })));
  }

  /** Reads the body within the bound, parses it and calls `then`; answers by itself when it cannot. */
  readJson(then: (body: unknown) => void): void {
    const chunks: Buffer[] = [];
    let size = 0;
    this.#response.onData((chunk, isLast) => {
      if (this.#isOver) return;
      size += chunk.byteLength;
      if (size > MAX_BODY_BYTES) {
        this.fail('BODY_TOO_LARGE', `At most ${MAX_BODY_BYTES} bytes.`);
        return;
      }
      // The chunk's memory is the server's and is reused after this callback.
      chunks.push(Buffer.from(Buffer.from(chunk)));
      if (!isLast) return;
      const text = Buffer.concat(chunks).toString('utf8');
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

export function readHead(
  request: HttpRequest,
  parameterCount: number,
  receivedUs: number,
): Omit<Request, 'body'> {
  return {
    method: request.getMethod().toUpperCase(),
    path: request.getUrl(),
    query: queryOf(request),
    parameters: Array.from({ length: parameterCount }, (_, index) =>
      decode(request.getParameter(index) ?? ''),
    ),
    headers: {
      accept: request.getHeader('accept'),
      authorization: request.getHeader('authorization'),
      origin: request.getHeader('origin'),
      host: request.getHeader('host'),
    },
    receivedUs,
  };
}

const NO_QUERY = new URLSearchParams();

function queryOf(request: HttpRequest): URLSearchParams {
  const text = request.getQuery() ?? '';
  return text === '' ? NO_QUERY : new URLSearchParams(text);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
