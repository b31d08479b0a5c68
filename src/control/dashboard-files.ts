/** The dashboard's files, read once at the start and served from memory; nothing else can be asked for. */

import type { HttpRequest, HttpResponse, TemplatedApp } from 'uWebSockets.js';
import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { HotslotError } from '../errors/hotslot-error.js';
import type { Clock } from '../time/clock.js';
import type { AccessHeaders } from './access.js';
import { Gate, type GateOptions } from './gate.js';
import { type Answer, problemOf, readHead } from './http-exchange.js';
import { writeAnswer } from './write-answer.js';

/** In the root of what is built; this module lies two folders below it. */
const DIRECTORY = new URL('../../dashboard/', import.meta.url);
const INDEX = 'index.html';
const PATH = '/dashboard/';

const CONTENT_TYPES: { readonly [extension: string]: string } = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing but this server's own files, no script in the page itself, and no other page around it. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const HEADERS = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
};

export interface DashboardOptions extends GateOptions {
  readonly clock: Clock;
  /** Where the build put them; absent: beside this module. */
  readonly directory?: URL;
}

/** Serves the page at `/` and its files below `/dashboard/`. */
export function mountDashboard(app: TemplatedApp, options: DashboardOptions): void {
  for (const [name, answer] of readFiles(options.directory ?? DIRECTORY)) {
    const serve = (response: HttpResponse, request: HttpRequest) =>
      writeAnswer(response, answerTo(response, request, answer, options));
    app.get(PATH + name, serve);
    if (name === INDEX) app.get('/', serve);
  }
}

function readFiles(directory: URL): Map<string, Answer> {
  const files = new Map<string, Answer>();
  for (const name of readdirSync(directory)) {
    const contentType = CONTENT_TYPES[extname(name)];
    if (contentType === undefined) continue;
    const body = readFileSync(new URL(name, directory));
    files.set(name, { status: 200, body, contentType, headers: HEADERS });
  }
  return files;
}

function answerTo(
  response: HttpResponse,
  request: HttpRequest,
  answer: Answer,
  options: DashboardOptions,
): Answer {
  const { access, clock } = options;
  try {
    new Gate(options).count(response, clock.monotonicUs());
    // On loopback the files are open: they hold nothing, and the page asks for the token itself.
    const needed = access.isLoopback ? 'open' : 'read';
    access.assertMay({ headers: withBearer(readHead(request).headers) }, needed);
    return answer;
  } catch (error) {
    if (!(error instanceof HotslotError)) throw error;
    const problem = problemOf(error);
    if (error.code !== 'UNAUTHENTICATED') return problem;
    return {
      ...problem,
      headers: { 'WWW-Authenticate': 'Basic realm="Hotslot: any name, the token as password"' },
    };
  }
}

/**
 * A browser that opens a page can send a password and no bearer token. Taken for these files alone: it is sent with
 * every request to the address, whichever page asks.
 */
function withBearer(headers: AccessHeaders): AccessHeaders {
  const basic = /^Basic ([A-Za-z0-9+/=]{1,8192})$/i.exec(headers.authorization);
  if (basic === null) return headers;
  const pair = Buffer.from(basic[1]!, 'base64').toString('utf8');
  return { ...headers, authorization: `Bearer ${pair.slice(pair.indexOf(':') + 1)}` };
}
