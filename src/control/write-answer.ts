/** An answer on the wire, in as few calls into the server as there can be: on the hot routes each one is measurable. */
import type { HttpResponse } from 'uWebSockets.js';
import { type Answer, stringify } from './http-exchange.js';

const STATUS_TEXT: { readonly [status: number]: string } = {
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
  431: '431 Request Header Fields Too Large',
  500: '500 Internal Server Error',
  502: '502 Bad Gateway',
  503: '503 Service Unavailable',
  504: '504 Gateway Timeout',
};

export interface WriteOptions {
  /** HEAD: the same without its body. */
  readonly withoutBody?: boolean;
  /** Nothing more is read of this connection. */
  readonly closes?: boolean;
}

/**
 * Headers that every answer has, behind the value of Content-Type: the server writes a value as it is, and one call
 * costs less than four. No page of another site may keep, guess at or embed what is answered.
 */
const BEHIND_TYPE =
  '\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nCross-Origin-Resource-Policy: same-origin';

const JSON_HEAD = `application/json${BEHIND_TYPE}`;

/**
 * In one piece: the server's own cork around a handler is gone once an answer before it in the same pipeline was
 * larger than the cork holds, and then every header would be a write of its own.
 * @throws TypeError before anything is written, where the body is a value that JSON cannot carry
 */
export function writeAnswer(response: HttpResponse, answer: Answer, options: WriteOptions = {}): void {
  // Before anything is written: a value that JSON cannot carry must leave room for a problem document.
  const body = options.withoutBody ? '' : bodyOf(answer);
  response.cork(() => writeCorked(response, answer, body, options.closes ?? false));
}

function writeCorked(
  response: HttpResponse,
  { status, contentType, headers }: Answer,
  body: string | Uint8Array,
  closes: boolean,
): void {
  if (status !== 200) response.writeStatus(STATUS_TEXT[status] ?? String(status));
  response.writeHeader('Content-Type', contentType === undefined ? JSON_HEAD : contentType + BEHIND_TYPE);
  if (headers !== undefined)
    for (const [name, value] of Object.entries(headers)) response.writeHeader(name, value);
  response.end(body, closes);
}

function bodyOf({ body }: Answer): string | Uint8Array {
  return typeof body === 'string' || body instanceof Uint8Array ? body : stringify(body);
}
