/** The operators' HTTP server: a table of routes on uWebSockets.js, on a port of its own. */
import uWS, { type HttpRequest, type HttpResponse, type TemplatedApp } from 'uWebSockets.js';
import { HotslotError } from '../errors/hotslot-error.js';
import type { Clock } from '../time/clock.js';
import type { Access } from './access.js';
import { type Answer, Exchange, type Handler, problemOf, type Request, readHead } from './http-exchange.js';
import { listenExclusive } from './listen-exclusive.js';
import type { Route } from './route.js';

export interface ControlServerOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** The setting that changes the port, for the message when it is taken. */
  readonly portSetting: string;
  readonly routes: readonly Route[];
  readonly access: Access;
  readonly clock: Clock;
  /** A handler threw something that has no code. */
  readonly onUnexpected: (error: unknown, path: string) => void;
  /** A wrong method on a known path is answered 404 like any other address that is not there. */
  readonly hidesMethods?: boolean;
  /** More on the same app before it listens: WebSocket and files. */
  readonly extend?: (app: TemplatedApp) => void;
}

export interface ControlServer {
  readonly port: number;
  close(): void;
}

/**
 * Starts listening.
 * @throws HotslotError PORT_TAKEN with the port and the setting that changes it
 */
export async function startControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const app = uWS.App();
  options.extend?.(app);
  for (const route of options.routes) mount(app, route, options);
  app.any('/*', (response, request) => refuseUnknown(response, request, options));
  const port = await listenExclusive(app, options.host, options.port);
  if (port === undefined) {
    const detail = `${options.host}:${options.port} is taken; set ${options.portSetting} to another port.`;
    throw new HotslotError('PORT_TAKEN', {
      detail,
      context: { port: options.port, setting: options.portSetting },
    });
  }
  return { port, close: () => app.close() };
}

function mount(app: TemplatedApp, route: Route, options: ControlServerOptions): void {
  const parameterCount = route.path.split('/').filter((part) => part.startsWith(':')).length;
  const handle = (response: HttpResponse, request: HttpRequest) => {
    const head = readHead(request, parameterCount, options.clock.monotonicUs());
    const exchange = new Exchange(response);
    try {
      options.access.assertMay(head, route.role);
    } catch (error) {
      exchange.finish(answerOf(error, head.path, options));
      return;
    }
    if (route.method === 'GET') run(route.handler, { ...head, body: undefined }, exchange, options);
    else exchange.readJson((body) => run(route.handler, { ...head, body }, exchange, options));
  };
  if (route.method === 'GET') app.get(route.path, handle);
  else if (route.method === 'POST') app.post(route.path, handle);
  else app.put(route.path, handle);
}

/** Without a promise where the handler has none: on the hot routes each one is measurable. */
function run(handler: Handler, request: Request, exchange: Exchange, options: ControlServerOptions): void {
  const fail = (error: unknown) => exchange.finish(answerOf(error, request.path, options));
  try {
    const answer = handler(request);
    if (answer instanceof Promise) answer.then((late) => exchange.finish(late), fail);
    else exchange.finish(answer);
  } catch (error) {
    fail(error);
  }
}

function answerOf(error: unknown, path: string, options: ControlServerOptions): Answer {
  if (error instanceof HotslotError) return problemOf(error);
  options.onUnexpected(error, path);
  return problemOf(new HotslotError('WORKER_FAILED', { detail: 'An unexpected fault; the log has it.' }));
}

function refuseUnknown(response: HttpResponse, request: HttpRequest, options: ControlServerOptions): void {
  const head = readHead(request, 0, 0);
  const exchange = new Exchange(response);
  try {
    options.access.assertMay(head, 'read');
  } catch (error) {
    exchange.finish(answerOf(error, head.path, options));
    return;
  }
  const isKnown = options.routes.some((route) => matches(route.path, head.path));
  exchange.fail(isKnown && options.hidesMethods !== true ? 'METHOD_NOT_ALLOWED' : 'NOT_FOUND');
}

function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const given = path.split('/');
  return (
    wanted.length === given.length &&
    wanted.every((part, index) => part.startsWith(':') || part === given[index])
  );
}
