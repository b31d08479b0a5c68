/**
 * The cluster's own small HTTP interface: conditions, chaos, stepping and the record of what clients sent.
 * It has no authentication, so it listens on the loopback interface only and refuses what a web page asks.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Keepers } from '../keepers.js';
import type { AdminActions } from './actions.js';

const HOST = '127.0.0.1';
const BODY_BYTES_MAX = 64 * 1024;

export interface AdminServer {
  readonly port: number;
  close(): Promise<void>;
}

class HttpError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * @param port 0 for one that the system chooses.
 * Rejects with the system's error, `code` `EADDRINUSE` for a port that is taken.
 */
export async function startAdminServer(
  actions: AdminActions,
  keepers: Keepers,
  port: number,
): Promise<AdminServer> {
  const server = createServer((request, response) => {
    if (isKeeping(request)) {
      if (!keepers.hold(response)) response.writeHead(503).end();
      return;
    }
    answer(actions, request, response).catch((error: unknown) => {
      // Only a socket that broke in the middle of the answer gets here.
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  await listen(server, port);
  const { port: chosen } = server.address() as AddressInfo;
  return {
    port: chosen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function answer(
  actions: AdminActions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let status = 200;
  let body: unknown;
  try {
    body = await route(actions, request);
  } catch (error) {
    if (error instanceof HttpError) status = error.status;
    else if (error instanceof RangeError) status = 400;
    else status = 500;
    body = { error: error instanceof Error ? error.message : String(error) };
  }
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}

/** The one answer that does not end: its connection keeps the cluster. */
function isKeeping({ url, method, headers }: IncomingMessage): boolean {
  return url === '/keep' && method === 'GET' && headers.origin === undefined;
}

async function route(actions: AdminActions, request: IncomingMessage): Promise<unknown> {
  if (request.headers.origin !== undefined) throw new HttpError(403, 'not for web pages');
  const url = urlOf(request);
  const routes = actions[url.pathname];
  if (routes === undefined) {
    throw new HttpError(404, `no such route; there are ${Object.keys(actions).join(', ')}`);
  }
  const action = routes[request.method as keyof typeof routes];
  if (action === undefined)
    throw new HttpError(405, `${url.pathname} takes ${Object.keys(routes).join(', ')}`);
  return action(await readBody(request), url.searchParams);
}

function urlOf({ url }: IncomingMessage): URL {
  try {
    return new URL(url ?? '/', `http://${HOST}`);
  } catch {
    throw new HttpError(400, 'the address cannot be read');
  }
}

/** The body as an object; an empty body is an empty object. */
async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_BYTES_MAX) throw new HttpError(413, `a body may have ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  if (length === 0) return {};
  let json: unknown;
  try {
    json = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new HttpError(400, 'the body is not JSON');
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new HttpError(400, 'the body is not a JSON object');
  }
  return json as Record<string, unknown>;
}
