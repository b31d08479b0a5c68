/** The operators' HTTP server: a table of routes on uWebSockets.js, on a port of its own. */
import uWS, { type HttpRequest, type HttpResponse, type TemplatedApp } from 'uWebSockets.js';
import { isLoopbackHost } from '../config/loopback.js';
import { HotslotError } from '../errors/hotslot-error.js';
import type { Clock } from '../time/clock.js';
import type { Access } from './access.js';
import { Gate } from './gate.js';
import { type Answer, Exchange, problemOf, type Request, readHead } from './http-exchange.js';
import { listenExclusive } from './listen-exclusive.js';
import type { RequestRate } from './request-rate.js';
import { RequestReader } from './request-reader.js';
import type { Route } from './route.js';
import { type WriteOptions, writeAnswer } from './write-answer.js';

export interface ControlServerOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** The setting that changes the port, for the message when it is taken. */
  readonly portSetting: string;
  readonly routes: readonly Route[];
  readonly access: Access;
  readonly clock: Clock;
  /** Shared by the ports of one process; without it nothing is limited. */
  readonly rate?: RequestRate;
  /** Connections at once; more are closed as they come. */
  readonly maxConnections?: number;
  /** A handler threw something that has no code. */
  readonly onUnexpected: (error: unknown, path: string) => void;
  /** A wrong method on a known path is answered 404 like any other address that is not there. */
  readonly hidesMethods?: boolean;
  /**
   * More on the same app before it listens: WebSocket and files.
   * @param onSocketGone to be called when a WebSocket has ended: of a connection that was upgraded the server itself
   *   tells no end
   */
  readonly extend?: (app: TemplatedApp, onSocketGone: () => void) => void;
}

export interface ControlServer {
  readonly port: number;
  close(): void;
}

/**
 * Starts listening.
 * @throws HotslotError PORT_TAKEN with the port and the setting that changes it; CONFIG_INVALID for a host that other
 *   machines reach and no token
 */
export async function startControlServer(options: ControlServerOptions): Promise<ControlServer> {
  assertGuarded(options);
  const app = uWS.App();
  const onSocketGone = limitConnections(app, options.maxConnections ?? Number.POSITIVE_INFINITY);
  options.extend?.(app, onSocketGone);
  const gate = new Gate(options);
  for (const route of options.routes) mount(app, route, gate, options);
  app.any('/*', (response, request) => refuseUnknown(response, request, gate, options));
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

/** What reads the settings refuses this too; a server that is started some other way must not be open to the world. */
function assertGuarded({ host, access }: ControlServerOptions): void {
  if (isLoopbackHost(host)) return;
  if (access.isLoopback) throw new Error(`access for loopback only, and a server on ${host}`);
  if (access.needsToken) return;
  throw new HotslotError('CONFIG_INVALID', { detail: `${host} is not loopback: a token is required.` });
}

/**
 * Closed before anything is read: there is no request yet that an answer could be given to.
 * @returns to be called at the end of each connection that was upgraded
 */
function limitConnections(app: TemplatedApp, most: number): () => void {
  let open = 0;
  const onChange = (response: HttpResponse, change: unknown): void => {
    const hasCome = Number(change) > 0;
    open += hasCome ? 1 : -1;
    if (hasCome && open > most) response.close();
  };
  app.filter(onChange);
  return () => {
    open -= 1;
  };
}

function mount(app: TemplatedApp, route: Route, gate: Gate, options: ControlServerOptions): void {
  const reader = new RequestReader(route);
  const handle = (response: HttpResponse, httpRequest: HttpRequest, write?: WriteOptions) => {
    const receivedUs = options.clock.monotonicUs();
    let request: Request;
    try {
      const caller = gate.admit(response, httpRequest, route.role, receivedUs);
      request = reader.read(httpRequest, caller, receivedUs);
    } catch (error) {
      // A body that nobody will read goes with its connection.
      const closes = route.method !== 'GET';
      writeAnswer(response, answerOf(error, route.path, options), { ...write, closes });
      return;
    }
    if (route.method === 'GET') answerNow(route, request, response, write, options);
    else answerBody(route, request, response, options);
  };
  if (route.method === 'GET') {
    app.get(route.path, (response, request) => handle(response, request));
    app.head(route.path, (response, request) => handle(response, request, { withoutBody: true }));
  } else if (route.method === 'POST') app.post(route.path, (response, request) => handle(response, request));
  else app.put(route.path, (response, request) => handle(response, request));
}

/** What is known at once is written within the server's own callback, without watching for a client that goes. */
function answerNow(
  route: Route,
  request: Request,
  response: HttpResponse,
  write: WriteOptions | undefined,
  options: ControlServerOptions,
): void {
  try {
    const answer = route.handler(request);
    if (answer instanceof Promise) answerLater(answer, request, new Exchange(response), options, write);
    else writeAnswer(response, answer, write);
  } catch (error) {
    // A handler of the server that returns without an answer ends the process.
    writeAnswer(response, answerOf(error, request.path, options), write);
  }
}

function answerBody(
  route: Route,
  request: Request,
  response: HttpResponse,
  options: ControlServerOptions,
): void {
  const exchange = new Exchange(response);
  exchange.readJson((body) => {
    try {
      const answer = route.handler({ ...request, body });
      if (answer instanceof Promise) answerLater(answer, request, exchange, options);
      else exchange.finish(answer);
    } catch (error) {
      exchange.finish(answerOf(error, request.path, options));
    }
  });
}

function answerLater(
  answer: Promise<Answer>,
  request: Request,
  exchange: Exchange,
  options: ControlServerOptions,
  write?: WriteOptions,
): void {
  answer
    .then((late) => exchange.finish(late, write))
    .catch((error: unknown) => exchange.finish(answerOf(error, request.path, options), write));
}

function answerOf(error: unknown, path: string, options: ControlServerOptions): Answer {
  if (error instanceof HotslotError) return problemOf(error);
  options.onUnexpected(error, path);
  return problemOf(new HotslotError('WORKER_FAILED', { detail: 'An unexpected fault; the log has it.' }));
}

function refuseUnknown(
  response: HttpResponse,
  request: HttpRequest,
  gate: Gate,
  options: ControlServerOptions,
): void {
  const write: WriteOptions = { withoutBody: request.getMethod() === 'head', closes: true };
  try {
    gate.admit(response, request, 'read', options.clock.monotonicUs());
    const { path } = readHead(request);
    const known = options.routes.filter((route) => matches(route.path, path));
    if (known.length === 0 || options.hidesMethods === true) throw new HotslotError('NOT_FOUND');
    const allowed = known.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
    const refusal = problemOf(new HotslotError('METHOD_NOT_ALLOWED'));
    writeAnswer(response, { ...refusal, headers: { Allow: allowed.join(', ') } }, write);
  } catch (error) {
    writeAnswer(response, answerOf(error, '/*', options), write);
  }
}

function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const given = path.split('/');
  return (
    wanted.length === given.length &&
    wanted.every((part, index) => part.startsWith(':') || part === given[index])
  );
}
