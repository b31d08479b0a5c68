/** One gRPC bidirectional stream, as little of it as the rest needs; a test brings its own. */
import type { Readable } from 'node:stream';
import { type ChannelOptions, Client, credentials, Metadata } from '@grpc/grpc-js';
import { HotslotError } from '../errors/hotslot-error.js';
import type { Clock } from '../time/clock.js';

export interface TransportEnd {
  /** gRPC status code; 0 where the server ended the stream without an error. */
  readonly code: number;
  readonly detail: string;
}

export interface TransportHandlers {
  onMessage(bytes: Uint8Array): void;
  /** Called once, last; never after `cancel`. */
  onEnd(end: TransportEnd): void;
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

/** A frozen peer is cut by HTTP/2 pings after this long, whatever else; without them it is not noticed at all. */
const KEEPALIVE_MS = 1_000;
/** HTTP/2's own window of 64 KiB stalls a burst on every round trip. */
const FLOW_CONTROL_WINDOW_BYTES = 8 * 1024 * 1024;

/** A burst is read for this long at a time: what else waits, an intent above all, has its turn in between. */
const MOST_OF_TURN_US = 2_000;

const CHANNEL_OPTIONS: ChannelOptions = {
  'grpc.max_receive_message_length': -1,
  'grpc.keepalive_time_ms': KEEPALIVE_MS,
  'grpc.keepalive_timeout_ms': KEEPALIVE_MS,
  'grpc.keepalive_permit_without_calls': 1,
  // Each stream has a connection of its own: a half-dead one is not handed to the next.
  'grpc.use_local_subchannel_pool': 1,
  'grpc-node.flow_control_window': FLOW_CONTROL_WINDOW_BYTES,
};

export interface TransportOptions {
  /** `https://host[:port]` for TLS; `http://host:port` or `host:port` without. */
  readonly endpoint: string;
  readonly xToken?: string;
  readonly clock: Clock;
}

/**
 * A transport over @grpc/grpc-js. Every stream gets a fresh channel, so that the channel's own back-off never
 * stands in the way of ours. Gzip is offered to the server by default.
 * @throws HotslotError CONFIG_INVALID for an endpoint of another form
 */
export function createTransport(options: TransportOptions): Transport {
  const { address, secure } = parseEndpoint(options.endpoint);
  return (handlers) => {
    const channelCredentials = secure ? credentials.createSsl() : credentials.createInsecure();
    const client = new Client(address, channelCredentials, CHANNEL_OPTIONS);
    const metadata = new Metadata();
    if (options.xToken !== undefined) metadata.set('x-token', options.xToken);
    const call = client.makeBidiStreamRequest<Uint8Array, Uint8Array>(
      SUBSCRIBE_PATH,
      (request) => Buffer.from(request.buffer, request.byteOffset, request.byteLength),
      (message) => message,
      metadata,
    );
    let over = false;
    const finish = (): boolean => {
      if (over) return false;
      over = true;
      client.close();
      return true;
    };
    const turn = new ReadingTurn(call, options.clock);
    call.on('data', (message: Uint8Array) => {
      if (over) return;
      turn.begin();
      handlers.onMessage(message);
      turn.pauseWhenFull();
    });
    // 'status' follows every end, errors included; without a listener of its own 'error' would be thrown.
    call.on('error', () => {});
    call.on('status', ({ code, details }) => {
      if (finish()) handlers.onEnd({ code, detail: details });
    });
    return {
      send: (request) => {
        if (!over) call.write(request);
      },
      cancel: () => {
        if (over) return;
        call.cancel();
        finish();
      },
    };
  };
}

/** Bounds what a stream's messages take of one turn of the event loop. */
class ReadingTurn {
  readonly #call: Pick<Readable, 'pause' | 'resume'>;
  readonly #clock: Clock;
  #beganUs: number | undefined;

  constructor(call: Pick<Readable, 'pause' | 'resume'>, clock: Clock) {
    this.#call = call;
    this.#clock = clock;
  }

  /** To be called before each message. */
  begin(): void {
    if (this.#beganUs !== undefined) return;
    this.#beganUs = this.#clock.monotonicUs();
    setImmediate(this.#end);
  }

  /** To be called after each message. */
  pauseWhenFull(): void {
    if (this.#clock.monotonicUs() - this.#beganUs! >= MOST_OF_TURN_US) this.#call.pause();
  }

  readonly #end = (): void => {
    this.#beganUs = undefined;
    this.#call.resume();
  };
}

/** Splits an endpoint into what grpc-js dials and whether by TLS. */
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
