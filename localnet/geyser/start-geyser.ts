import { setTimeout as sleep } from 'node:timers/promises';
import { Server, ServerCredentials, type ServiceError, status } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import type { ChaosControls } from '../chaos/chaos.js';
import type { Ledger, LedgerFeed } from '../ledger/types.js';
import { requireToken } from './auth-interceptor.js';
import { DEFAULT_FILTER_LIMITS, type FilterLimits } from './filter-limits.js';
import type { StreamEnd } from './outbox.js';
import { loadProtoRoot } from './proto-root.js';
import { addReflection } from './reflection.js';
import { GEYSER_SERVICE, geyserServiceDefinition } from './service-definition.js';
import { StreamChaos } from './stream-chaos.js';
import { type SubscribeCall, Subscription } from './subscription.js';
import { unaryMethods } from './unary-methods.js';
import { UpdateHub } from './update-hub.js';

/** Updates that may wait for one slow client before its stream ends with INTERNAL. */
const QUEUE_LIMIT = 250_000;
/** The same in bytes; the real server has no such bound, but this one shares its process with the cluster. */
const QUEUE_BYTES_LIMIT = 256 * 1024 * 1024;
const PING_INTERVAL_MS = 10_000;
/** HTTP/2's own ping: a session that broken frames have confused does not notice that its client is gone. */
const KEEPALIVE_MS = 20_000;
const REPLAY_SLOTS = 150;
/** Estimated memory of the slots that are kept for replay. */
const REPLAY_BYTES = 384 * 1024 * 1024;
const REQUEST_BYTES_MAX = 4 * 1024 * 1024;
/** Time that open streams get to take their last status at shutdown. */
const CLOSE_GRACE_MS = 500;

const CUT: StreamEnd = { code: status.UNAVAILABLE, details: 'stream was cut' };
const SHUTDOWN: StreamEnd = {
  code: status.UNAVAILABLE,
  details: 'server is shutting down try again later',
};

export interface GeyserOptions {
  readonly ledger: Ledger;
  readonly feed: LedgerFeed;
  readonly chaos?: ChaosControls;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** When set, every call must bring it as `x-token` metadata. */
  readonly xToken?: string;
  /** Updates that may wait for one client; 250,000 unless given. */
  readonly queueLimit?: number;
  /** 10,000 unless given. */
  readonly pingIntervalMs?: number;
  /** Silence after which a connection is asked whether it is there, and the time it has to answer; 20,000 unless given. */
  readonly keepaliveMs?: number;
  /** Slots kept for `from_slot`; 150 unless given. */
  readonly replaySlots?: number;
  readonly limits?: Partial<FilterLimits>;
  /** Epoch milliseconds with a fraction; the system's clock unless given. */
  readonly nowMs?: () => number;
}

export interface GeyserServer {
  readonly port: number;
  /** Updates that wait for the slowest client now. */
  backlog(): number;
  /** Ends every open `Subscribe` stream with UNAVAILABLE. */
  cutStreams(reason?: string): void;
  /** Ends all streams with UNAVAILABLE, then closes the port. */
  close(): Promise<void>;
}

/** Starts the Yellowstone gRPC server. Rejects when it cannot listen. */
export async function startGeyser(options: GeyserOptions): Promise<GeyserServer> {
  const nowMs = options.nowMs ?? (() => performance.timeOrigin + performance.now());
  const hub = new UpdateHub({
    slots: options.replaySlots ?? REPLAY_SLOTS,
    bytes: REPLAY_BYTES,
    nowMs,
    sleep,
  });
  const chaos =
    options.chaos === undefined
      ? undefined
      : new StreamChaos(
          options.chaos,
          () => {
            for (const subscription of [...hub.subscriptions]) subscription.chaosChanged();
          },
          () => hub.endAll(CUT),
        );
  const subscriptionOptions = {
    queueLimit: options.queueLimit ?? QUEUE_LIMIT,
    queueBytesLimit: QUEUE_BYTES_LIMIT,
    pingIntervalMs: options.pingIntervalMs ?? PING_INTERVAL_MS,
    limits: { ...DEFAULT_FILTER_LIMITS, ...options.limits },
    chaos,
    nowMs,
  };
  const server = new Server({
    'grpc.max_receive_message_length': REQUEST_BYTES_MAX,
    'grpc.max_send_message_length': -1,
    'grpc.keepalive_time_ms': options.keepaliveMs ?? KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': options.keepaliveMs ?? KEEPALIVE_MS,
    interceptors: options.xToken === undefined ? [] : [requireToken(options.xToken)],
  });
  const root = loadProtoRoot();
  server.addService(geyserServiceDefinition(root), {
    ...unaryMethods({ ledger: options.ledger, firstAvailable: () => hub.firstAvailable() }),
    Subscribe: (call: SubscribeCall) => hub.add(new Subscription(call, subscriptionOptions, hub)),
    SubscribeDeshred: unavailableStream('SubscribeDeshred'),
    SubscribeGossip: unavailableStream('SubscribeGossip'),
  });
  const health = new HealthImplementation({ '': 'SERVING', [GEYSER_SERVICE]: 'SERVING' });
  health.addToServer(server);
  addReflection(server, root);
  const port = await bind(server, options.host, options.port);
  const unsubscribe = options.feed.subscribe((event) => hub.onEvent(event));
  let closing: Promise<void> | undefined;
  return {
    port,
    backlog: () => Math.max(0, ...[...hub.subscriptions].map((subscription) => subscription.backlog)),
    cutStreams: (reason) => hub.endAll(reason === undefined ? CUT : { ...CUT, details: reason }),
    close: () => {
      closing ??= (async () => {
        unsubscribe();
        chaos?.close();
        for (const service of ['', GEYSER_SERVICE]) health.setStatus(service, 'NOT_SERVING');
        hub.endAll(SHUTDOWN);
        await shutDown(server);
      })();
      return closing;
    },
  };
}

/** Methods that the real server has only where its validator was built for them. */
function unavailableStream(method: string) {
  return (call: { emit(event: 'error', error: Pick<ServiceError, 'code' | 'details'>): boolean }): void => {
    call.emit('error', { code: status.UNIMPLEMENTED, details: `${method} is not available on this server` });
  };
}

function bind(server: Server, host: string, port: number): Promise<number> {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(new Error(`Yellowstone gRPC cannot listen on ${address}`, { cause: error }));
    });
  });
}

function shutDown(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, CLOSE_GRACE_MS);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
