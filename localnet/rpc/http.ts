/** The HTTP side: POST carries JSON-RPC, GET /health says whether the node keeps up. */

import type uWS from 'uWebSockets.js';
import { isUtf8 } from 'node:buffer';
import type { Answer } from './dispatch.js';
import { TransportFault } from './transport-fault.js';

const BODY_BYTES_MAX = 50 * 1024;
/** Requests that wait for the engine at once, over all connections; more are answered with 429. */
const PENDING_MAX = 4096;
const TEXT = 'text/plain; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';
const JSON_TYPES: readonly string[] = [
  'application/json',
  'application/json; charset=utf-8',
  'application/json;charset=utf-8',
];

export interface HttpHandlers {
  /** Answers a body; throws or rejects with `TransportFault`. `receivedAtMs`: when its last byte was read. */
  readonly answer: (body: string, receivedAtMs: number) => Answer | Promise<Answer>;
  readonly health: () => string;
  readonly nowMs: () => number;
  readonly onError: (error: unknown) => void;
}

/** Adds the routes; the app is not listening yet. */
export function serveHttp(app: uWS.TemplatedApp, handlers: HttpHandlers): void {
  let pending = 0;
  app.post('/*', (res, req) => {
    const request = new Request(res, req.getHeader('origin'));
    if (!JSON_TYPES.includes(req.getHeader('content-type').toLowerCase())) {
      request.reply('415 Unsupported Media Type', TEXT, UNSUPPORTED_TYPE);
      return;
    }
    if (Number(req.getHeader('content-length')) > BODY_BYTES_MAX) {
      request.tooLarge();
      return;
    }
    readBody(request, (body) => {
      const receivedAtMs = handlers.nowMs();
      if (!isUtf8(body)) {
        request.reply(
          '400 Bad Request',
          TEXT,
          `utf-8 encoding error at byte ${validUtf8Bytes(body)} in request body`,
        );
        return;
      }
      if (pending >= PENDING_MAX) {
        request.fault(429);
        return;
      }
      try {
        const answer = handlers.answer(body.toString('utf8'), receivedAtMs);
        if (!(answer instanceof Promise)) {
          request.json(answer);
          return;
        }
        pending += 1;
        answer
          .then((text) => request.json(text))
          .catch((error: unknown) => fail(request, error, handlers.onError))
          .finally(() => {
            pending -= 1;
          });
      } catch (error) {
        fail(request, error, handlers.onError);
      }
    });
  });
  app.options('/*', (res, req) => new Request(res, req.getHeader('origin')).reply('200 OK', JSON_TYPE, ''));
  app.get('/health', (res, req) => {
    new Request(res, req.getHeader('origin')).reply('200 OK', TEXT, handlers.health());
  });
  app.any('/*', (res, req) => {
    new Request(res, req.getHeader('origin')).reply('405 Method Not Allowed', TEXT, METHOD_NOT_ALLOWED);
  });
}

const UNSUPPORTED_TYPE = 'Supplied content type is not allowed. Content-Type: application/json is required\n';
const METHOD_NOT_ALLOWED = 'Used HTTP Method is not allowed. POST or OPTIONS is required\n';

function fail(request: Request, error: unknown, onError: (error: unknown) => void): void {
  if (error instanceof TransportFault) {
    request.fault(error.kind);
    return;
  }
  onError(error);
  request.fault(500);
}

function readBody(request: Request, done: (body: Buffer) => void): void {
  let parts: Buffer | undefined;
  request.res.onData((chunk, isLast) => {
    if (request.ended) return;
    if ((parts?.length ?? 0) + chunk.byteLength > BODY_BYTES_MAX) {
      request.tooLarge();
      return;
    }
    if (isLast && parts === undefined) {
      done(Buffer.from(chunk));
      return;
    }
    // The chunk is only lent for the time of this call.
    parts = Buffer.concat(parts === undefined ? [Buffer.from(chunk)] : [parts, Buffer.from(chunk)]);
    if (isLast) done(parts);
  });
}

/** Bytes before the first one that is no UTF-8. Decoding puts U+FFFD there, unless the body itself has it. */
function validUtf8Bytes(body: Buffer): number {
  const text = body.toString('utf8');
  let offset = 0;
  for (const character of text) {
    const size = Buffer.byteLength(character);
    if (character === '\uFFFD' && body.toString('hex', offset, offset + size) !== 'efbfbd') return offset;
    offset += size;
  }
  return offset;
}

/** One request whose answer may come late, when its connection may be gone. */
class Request {
  readonly res: uWS.HttpResponse;
  readonly #origin: string;
  ended = false;

  constructor(res: uWS.HttpResponse, origin: string) {
    this.res = res;
    this.#origin = origin;
    res.onAborted(() => {
      this.ended = true;
    });
  }

  reply(status: string, contentType: string, body: string, closeConnection = false): void {
    if (this.ended) return;
    this.ended = true;
    this.res.cork(() => {
      this.res.writeStatus(status).writeHeader('content-type', contentType);
      if (this.#origin !== '') {
        this.res
          .writeHeader('access-control-allow-origin', '*')
          .writeHeader('access-control-allow-methods', 'OPTIONS, POST')
          .writeHeader('access-control-allow-headers', 'content-type, solana-client')
          .writeHeader('vary', 'origin');
      }
      this.res.end(body, closeConnection);
    });
  }

  json(answer: Answer): void {
    this.reply('200 OK', JSON_TYPE, answer === undefined ? '' : `${answer}\n`);
  }

  tooLarge(): void {
    this.reply('413 Payload Too Large', TEXT, 'request body size exceeds allowed maximum', true);
  }

  fault(kind: TransportFault['kind']): void {
    if (this.ended) return;
    if (kind === 'close') {
      this.ended = true;
      this.res.close();
      return;
    }
    const [status, message] = kind === 429 ? TOO_MANY_REQUESTS : SERVER_ERROR;
    const body = `{"jsonrpc":"2.0","error":{"code":${kind},"message":"${message}"},"id":null}\n`;
    this.reply(status, JSON_TYPE, body);
  }
}

const TOO_MANY_REQUESTS = ['429 Too Many Requests', 'Too many requests'] as const;
const SERVER_ERROR = ['500 Internal Server Error', 'Internal server error'] as const;
