/** `/ws` on uWebSockets.js: who may connect, and each connection's life. */
import uWS, {
  type HttpRequest,
  type HttpResponse,
  type TemplatedApp,
  type us_socket_context_t,
  type WebSocket,
} from 'uWebSockets.js';
import { HotslotError } from '../errors/hotslot-error.js';
import type { Clock } from '../time/clock.js';
import { VERSION } from '../version.js';
import type { Access, Role } from './access.js';
import { Gate } from './gate.js';
import { Exchange, problemOf, readHead } from './http-exchange.js';
import type { LiveHub } from './live-hub.js';
import type { Operations } from './operations.js';
import type { RequestRate } from './request-rate.js';
import { MAX_BUFFERED_BYTES, WsClient } from './ws-client.js';
import { WsCommands } from './ws-commands.js';
import type { WireFormat } from './ws-format.js';
import { type Offer, readOffer } from './ws-offer.js';

/** Connections at once; more are answered 429. */
export const MAX_WS_CONNECTIONS = 64;
/** Longest frame of a client, bytes: as much as a request's body. */
export const MAX_FRAME_BYTES = 64 * 1024;
/** A client from which nothing comes, not even the answer to a ping, is gone. Seconds, a multiple of four. */
export const IDLE_TIMEOUT_S = 60;

export interface WebSocketOptions {
  readonly hub: LiveHub;
  readonly operations: Operations;
  readonly access: Access;
  /** Of all requests of the port; an upgrade is one. */
  readonly rate?: RequestRate;
  readonly clock: Clock;
  readonly startedAtMs: number;
  /** Called when a socket has ended. */
  readonly onSocketGone?: () => void;
  readonly onUnexpected: (error: unknown, path: string) => void;
}

/** What a socket carries from its upgrade on. */
interface SocketData {
  readonly format: WireFormat;
  readonly mayTrade: boolean;
  client: WsClient | undefined;
}

export interface WebSocketPlane {
  /** Says goodbye to every client. */
  close(): void;
}

export function mountWebSocket(app: TemplatedApp, options: WebSocketOptions): WebSocketPlane {
  const { hub, clock, startedAtMs } = options;
  const clients = new Set<WsClient>();
  const commands = new WsCommands({
    operations: options.operations,
    clock,
    onUnexpected: (error) => options.onUnexpected(error, '/ws'),
  });
  let isClosed = false;
  let connections = 0;
  app.ws<SocketData>('/ws', {
    compression: uWS.DISABLED,
    // A little more than is taken, so that what is too long is told so.
    maxPayloadLength: 2 * MAX_FRAME_BYTES,
    maxBackpressure: 2 * MAX_BUFFERED_BYTES,
    idleTimeout: IDLE_TIMEOUT_S,
    sendPingsAutomatically: true,
    upgrade: (response, request, context) => {
      const isFull = connections >= MAX_WS_CONNECTIONS;
      upgrade({ response, request, context, isClosed, isFull, options });
    },
    open: (socket) => {
      connections += 1;
      const { format, mayTrade } = socket.getUserData();
      const client = new WsClient({ socket, format, hub, clock, mayTrade });
      socket.getUserData().client = client;
      clients.add(client);
      client.answer({ type: 'welcome', version: VERSION, startedAtMs, mayTrade, atMs: clock.nowMs() });
    },
    message: (socket, message) => take(socket, message, commands),
    drain: (socket) => socket.getUserData().client?.onDrain(),
    close: (socket) => {
      connections -= 1;
      options.onSocketGone?.();
      const { client } = socket.getUserData();
      if (client === undefined) return;
      client.forget();
      clients.delete(client);
    },
  });
  return {
    close: () => {
      isClosed = true;
      for (const client of [...clients]) client.drop('goingAway');
    },
  };
}

function take(socket: WebSocket<SocketData>, message: ArrayBuffer, commands: WsCommands): void {
  const { client } = socket.getUserData();
  if (client === undefined) return;
  if (message.byteLength > MAX_FRAME_BYTES) client.drop('frameTooLarge');
  // Decoded before this callback returns: the memory is the server's.
  else socket.cork(() => commands.handle(client, new Uint8Array(message)));
}

interface Upgrade {
  readonly response: HttpResponse;
  readonly request: HttpRequest;
  readonly context: us_socket_context_t;
  readonly isClosed: boolean;
  readonly isFull: boolean;
  readonly options: WebSocketOptions;
}

/** Refused before the upgrade, so that the client is told why as over HTTP. */
function upgrade({ response, request, context, isClosed, isFull, options }: Upgrade): void {
  const { access, clock } = options;
  try {
    new Gate(options).count(response, clock.monotonicUs());
    const head = readHead(request);
    const offer = readOffer(request.getHeader('sec-websocket-protocol'), head.query);
    const asking = { headers: { ...head.headers, ...authorizationOf(offer) } };
    access.assertMay(asking, 'read');
    if (isClosed) throw new HotslotError('SHUTTING_DOWN');
    if (isFull) throw new HotslotError('TOO_MANY_CONNECTIONS', { context: { limit: MAX_WS_CONNECTIONS } });
    response.upgrade<SocketData>(
      { format: offer.format, mayTrade: may(access, asking, 'trade'), client: undefined },
      request.getHeader('sec-websocket-key'),
      offer.protocol,
      request.getHeader('sec-websocket-extensions'),
      context,
    );
  } catch (error) {
    if (!(error instanceof HotslotError)) options.onUnexpected(error, '/ws');
    const coded = error instanceof HotslotError ? error : new HotslotError('WORKER_FAILED');
    new Exchange(response).finish(problemOf(coded));
  }
}

const authorizationOf = ({ token }: Offer) =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

function may(access: Access, asking: Parameters<Access['assertMay']>[0], role: Role): boolean {
  try {
    access.assertMay(asking, role);
    return true;
  } catch (error) {
    if (error instanceof HotslotError) return false;
    throw error;
  }
}
