/** Starts the cluster's JSON-RPC over HTTP and its PubSub WebSocket. */
import uWS from 'uWebSockets.js';
import type { ChaosControls } from '../chaos/chaos.js';
import type { EngineClient, Ledger, LedgerFeed } from '../ledger/types.js';
import type { RpcContext } from './context.js';
import { dispatch, type Execute, lookUp } from './dispatch.js';
import { nodeUnhealthy } from './errors.js';
import { serveHttp } from './http.js';
import { LeaderSchedules } from './leader-schedules.js';
import { listen } from './listen.js';
import { healthText } from './methods/cluster.js';
import { methods } from './methods/index.js';
import { Publisher } from './subscriptions/publisher.js';
import { TopicRegistry } from './subscriptions/registry.js';
import { serveWebSocket } from './subscriptions/websocket.js';
import { fault } from './transport-fault.js';

/** Slots behind at which a node calls itself unhealthy, unless told otherwise. */
const HEALTH_CHECK_SLOT_DISTANCE = 128;

export interface RpcOptions {
  readonly ledger: Ledger;
  readonly feed: LedgerFeed;
  readonly engine: EngineClient;
  readonly chaos?: ChaosControls;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly rpcPort: number;
  readonly wsPort: number;
  /** Every `sendTransaction` that got a signature as its answer, with the time its request was read. */
  readonly onSendReceived?: (signature: string, receivedAtMs: number) => void;
  readonly healthCheckSlotDistance?: number;
  /** False until the ledger holds its first root: every call is answered -32005 as long. Default: always true. */
  readonly hasBegun?: () => boolean;
  /** Pruned slots are answered with -32009, as by nodes with long-term storage; default false (-32001). */
  readonly longTermStorage?: boolean;
  /** Epoch milliseconds with a fraction. */
  readonly nowMs?: () => number;
  /** Told of every fault of the server itself, which clients see as an internal error. */
  readonly onError?: (error: unknown) => void;
}

export interface RunningRpc {
  readonly rpcPort: number;
  readonly wsPort: number;
  /** Closes both ports and every connection. */
  close(): Promise<void>;
}

/** Rejects when a port is taken. */
export async function startRpc(options: RpcOptions): Promise<RunningRpc> {
  const { ledger, engine, feed, chaos, host, hasBegun = () => true } = options;
  let isClosed = false;
  const onError = (error: unknown): void => {
    // Calls that wait for the engine fail when both are closed; nobody is there to be told.
    if (!isClosed) (options.onError ?? printError)(error);
  };
  const topics = new TopicRegistry();
  const publisher = new Publisher(ledger, topics);
  let ports = { rpc: 0, ws: 0 };
  const base = {
    engine,
    chaos,
    nowMs: options.nowMs ?? systemNowMs,
    onSendReceived: options.onSendReceived,
    onSignatureReceived: (signature: string) => publisher.onSignatureReceived(signature),
    healthCheckSlotDistance: options.healthCheckSlotDistance ?? HEALTH_CHECK_SLOT_DISTANCE,
    longTermStorage: options.longTermStorage ?? false,
    leaderSchedules: new LeaderSchedules(),
    addresses: () => ({ rpc: `${host}:${ports.rpc}`, pubsub: `${host}:${ports.ws}` }),
  };
  const contextFor = lagging(ledger, chaos, (view): RpcContext => ({ ...base, ledger: view }));

  const http = uWS.App();
  serveHttp(http, {
    answer(body, receivedAtMs) {
      const execute: Execute = (name, params) => {
        if (!hasBegun()) throw nodeUnhealthy(null);
        if (chaos !== undefined && name !== 'sendTransaction') disturbRead(chaos);
        return lookUp(methods, name)(params, contextFor(name), { receivedAtMs });
      };
      return dispatch(body, { execute, onError });
    },
    health: () => (hasBegun() ? healthText(contextFor('getHealth')) : 'unknown'),
    nowMs: base.nowMs,
    onError,
  });
  const pubsub = uWS.App();
  serveWebSocket(pubsub, { topics, onError });

  try {
    ports = { rpc: await listen(http, host, options.rpcPort), ws: 0 };
    ports = { ...ports, ws: await listen(pubsub, host, options.wsPort) };
  } catch (error) {
    http.close();
    pubsub.close();
    throw error;
  }
  const unsubscribe = feed.subscribe((event) => publisher.onEvent(event));
  return {
    rpcPort: ports.rpc,
    wsPort: ports.ws,
    close() {
      isClosed = true;
      unsubscribe();
      http.close();
      pubsub.close();
      return Promise.resolve();
    },
  };
}

function disturbRead(chaos: ChaosControls): void {
  if (chaos.decide(chaos.settings.read429Rate)) throw fault(429);
  if (chaos.decide(chaos.settings.read500Rate)) throw fault(500);
}

/** The context of a call: without a lag always the same one, with a lag one over an older view of the ledger. */
function lagging(
  ledger: Ledger,
  chaos: ChaosControls | undefined,
  contextOver: (view: Ledger) => RpcContext,
): (method: string) => RpcContext {
  const current = contextOver(ledger);
  if (chaos === undefined) return () => current;
  return (method) => {
    const { readLagSlots, statusLagSlots } = chaos.settings;
    const lag = method === 'getSignatureStatuses' ? Math.max(readLagSlots, statusLagSlots) : readLagSlots;
    if (lag === 0 || ledger.behind === undefined) return current;
    return contextOver(ledger.behind(lag));
  };
}

function systemNowMs(): number {
  return performance.timeOrigin + performance.now();
}

function printError(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`json-rpc: ${text}\n`);
}
