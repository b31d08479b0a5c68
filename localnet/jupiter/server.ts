/** Serves the API over HTTP on a port of its own, with what chaos asks for: delays, 429s, faults, garbage. */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ChaosControls } from '../chaos/chaos.js';
import type { GenesisPool } from '../genesis/types.js';
import type { Ledger } from '../ledger/types.js';
import { type Api, createApi } from './api.js';
import { ApiError } from './parameters.js';

/** Requests that wait out a delay at once; more are answered 429. */
const WAITING_MAX = 1_024;
/** Heads of connections that send nothing are not waited for longer. */
const HEAD_TIMEOUT_MS = 10_000;

export interface JupiterOptions {
  readonly ledger: Ledger;
  readonly pools: readonly GenesisPool[];
  readonly chaos: ChaosControls;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Clients must send it as `x-api-key`; undefined: none is asked for. */
  readonly apiKey?: string;
}

export interface RunningJupiter {
  readonly port: number;
  close(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Rejects with the system's error, `code` `EADDRINUSE` for a port that is taken. */
export async function startJupiter(options: JupiterOptions): Promise<RunningJupiter> {
  const { chaos, apiKey } = options;
  const api = createApi({ ...options, nowMs: () => Date.now() });
  const timers = new Set<NodeJS.Timeout>();
  const server = createServer((request, response) => {
    const { jupiterDelayMs } = chaos.settings;
    if (jupiterDelayMs === 0) {
      send(response, replyTo(request, api, chaos, apiKey));
      return;
    }
    if (timers.size >= WAITING_MAX) {
      send(response, tooMany(chaos));
      return;
    }
    const timer = setTimeout(() => {
      timers.delete(timer);
      send(response, replyTo(request, api, chaos, apiKey));
    }, jupiterDelayMs);
    timers.add(timer);
  });
  server.headersTimeout = HEAD_TIMEOUT_MS;
  await listen(server, options.host, options.port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        for (const timer of timers) clearTimeout(timer);
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function replyTo(
  request: IncomingMessage,
  api: Api,
  chaos: ChaosControls,
  apiKey: string | undefined,
): Reply {
  // Nothing that is asked here has a body; one that comes is read away.
  request.resume();
  const { settings } = chaos;
  if (chaos.decide(settings.jupiter429Rate)) return tooMany(chaos);
  if (chaos.decide(settings.jupiterErrorRate)) return problem(500, 'Internal server error');
  if (chaos.decide(settings.jupiterGarbageRate)) return { status: 200, body: '<html>upstream</html>' };
  try {
    return { status: 200, body: JSON.stringify(route(request, api, apiKey)) };
  } catch (error) {
    if (error instanceof ApiError) return problem(error.status, error.message, error.errorCode);
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`jupiter: ${text}\n`);
    return problem(500, 'Internal server error');
  }
}

function route(request: IncomingMessage, api: Api, apiKey: string | undefined): unknown {
  const { pathname, searchParams } = urlOf(request);
  if (!Object.hasOwn(api, pathname)) {
    throw new ApiError(404, `Route not found; there are ${Object.keys(api).join(', ')}`);
  }
  if (request.method !== 'GET') throw new ApiError(405, 'Only GET is answered');
  if (apiKey !== undefined && !isKey(request.headers['x-api-key'], apiKey))
    throw new ApiError(401, 'Unauthorized');
  return api[pathname]?.(searchParams);
}

function urlOf({ url }: IncomingMessage): URL {
  try {
    return new URL(url ?? '/', 'http://localhost');
  } catch {
    throw new ApiError(400, 'The address cannot be read');
  }
}

function isKey(given: string | string[] | undefined, expected: string): boolean {
  const [left, right] = [Buffer.from(String(given)), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function tooMany(chaos: ChaosControls): Reply {
  const retryAfter = String(chaos.settings.jupiterRetryAfterSeconds);
  return { ...problem(429, 'Too many requests'), headers: { 'retry-after': retryAfter } };
}

function problem(status: number, error: string, errorCode?: string): Reply {
  return { status, body: JSON.stringify(errorCode === undefined ? { error } : { error, errorCode }) };
}

function send(response: ServerResponse, { status, body, headers }: Reply): void {
  // A client that has gone takes nothing; the socket's own error is the server's affair.
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(`${body}\n`);
}
