/** One gRPC bidirectional stream, as little of it as the rest needs; a test brings its own. */
import { HotslotError } from '../errors/hotslot-error.js';
import type { Clock } from '../time/clock.js';
import { GrpcCall } from './grpc-call.js';
import type { GrpcEnd } from './grpc-status.js';

export interface TransportHandlers {
  onMessage(bytes: Uint8Array): void;
  /** A burst is being read, or is no longer; see StreamSink. */
  onBehind(isBehind: boolean): void;
  /** Called once, last; never after `cancel`. */
  onEnd(end: GrpcEnd): void;
}

export interface TransportSession {
  /** Writes one encoded SubscribeRequest. */
  send(request: Uint8Array): void;
  /** Ends it from this side; neither handler is called any more. */
  cancel(): void;
}

/** Opens a stream; what fails later is told by `onEnd`. */
export type Transport = (handlers: TransportHandlers) => TransportSession;

const SUBSCRIBE_PATH = '/geyser.Geyser/Subscribe';

export interface TransportOptions {
  /** `https://host[:port]` for TLS; `http://host:port` or `host:port` without. */
  readonly endpoint: string;
  readonly xToken?: string;
  readonly clock: Clock;
}

/**
 * A transport over gRPC. Every stream has a connection of its own: a half-dead one is not handed to the next. Gzip is
 * offered to the server.
 * @throws HotslotError CONFIG_INVALID for an endpoint of another form
 */
export function createTransport({ endpoint, xToken, clock }: TransportOptions): Transport {
  const { address, secure } = parseEndpoint(endpoint);
  const origin = `${secure ? 'https' : 'http'}://${address}`;
  const metadata = xToken === undefined ? {} : { 'x-token': xToken };
  return (handlers) => new GrpcCall({ origin, path: SUBSCRIBE_PATH, metadata, clock, ...handlers });
}

/** Splits an endpoint into host with port, and whether by TLS. */
export function parseEndpoint(endpoint: string): { readonly address: string; readonly secure: boolean } {
  const match = /^(?:(https?):\/\/)?((?:\[[0-9a-fA-F:]+\]|[^\s/:@]+))(?::(\d{1,5}))?\/?$/.exec(endpoint);
  const secure = match?.[1] === 'https';
  const port = match?.[3] ?? (match?.[1] === undefined ? undefined : secure ? '443' : '80');
  if (!match?.[2] || port === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new HotslotError('CONFIG_INVALID', {
      detail: 'A Yellowstone endpoint is https://host[:port], http://host:port or host:port.',
      field: 'YELLOWSTONE_ENDPOINTS',
    });
  }
  return { address: `${match[2]}:${port}`, secure };
}
