/** The control plane's ports: the operators' own, and the one of the Kestra-shaped routes. */
import type { Config } from '../config/config.js';
import { isLoopbackHost } from '../config/loopback.js';
import { HotslotError } from '../errors/hotslot-error.js';
import type { Log } from '../logging/log.js';
import type { Clock } from '../time/clock.js';
import { Access } from './access.js';
import { type ControlServer, startControlServer } from './control-server.js';
import { mountDashboard } from './dashboard-files.js';
import { KESTRA_DEFAULT_PORT, kestraRoutes } from './kestra-compat.js';
import type { Live } from './live.js';
import type { Operations } from './operations.js';
import { RequestRate } from './request-rate.js';
import { routeTable } from './route-table.js';
import { mountWebSocket, type WebSocketPlane } from './websocket.js';

/** Requests a second and client address where CONTROL_MAX_REQUESTS_PER_SECOND names none. */
const LOOPBACK_REQUESTS_PER_SECOND = 250_000;
const REMOTE_REQUESTS_PER_SECOND = 2_000;

export interface ListenOptions {
  readonly config: Config;
  readonly operations: Operations;
  readonly clock: Clock;
  readonly log: Log;
  /** What `/ws` tells. */
  readonly live: Live;
  /** Epoch ms at which the process started. */
  readonly startedAtMs: number;
}

export interface ControlPlane {
  readonly controlUrl: string;
  readonly kestraUrl: string | undefined;
  close(): void;
}

/** @throws HotslotError PORT_TAKEN with the port and the setting that changes it */
export async function listenForOperators(options: ListenOptions): Promise<ControlPlane> {
  const { config, operations, clock, log, live, startedAtMs } = options;
  const isLoopback = isLoopbackHost(config.CONTROL_HOST);
  const usualRate = isLoopback ? LOOPBACK_REQUESTS_PER_SECOND : REMOTE_REQUESTS_PER_SECOND;
  const common = {
    host: config.CONTROL_HOST,
    maxConnections: config.CONTROL_MAX_CONNECTIONS,
    rate: new RequestRate(config.CONTROL_MAX_REQUESTS_PER_SECOND ?? usualRate),
    access: new Access({
      admin: config.API_TOKEN,
      trade: config.API_TOKEN_TRADE,
      read: config.API_TOKEN_READ,
      loopback: isLoopback,
    }),
    clock,
    onUnexpected: (error: unknown, path: string) =>
      log.error('a request met an unexpected fault', { path, error }),
  };
  let webSocket: WebSocketPlane | undefined;
  const control = await startControlServer({
    ...common,
    extend: (app, onSocketGone) => {
      mountDashboard(app, common);
      webSocket = mountWebSocket(app, { ...common, hub: live.hub, operations, startedAtMs, onSocketGone });
    },
    port: config.CONTROL_PORT,
    portSetting: 'CONTROL_PORT',
    routes: routeTable(operations, clock),
  });
  const port = config.KESTRA_COMPAT_PORT ?? (config.embedded ? KESTRA_DEFAULT_PORT : undefined);
  const startKestra = (wanted: number) =>
    startControlServer({
      ...common,
      port: wanted,
      portSetting: 'KESTRA_COMPAT_PORT',
      routes: kestraRoutes(operations, clock),
      hidesMethods: true,
    });
  let kestra: ControlServer | undefined;
  try {
    kestra = port === undefined ? undefined : await startKestra(port);
  } catch (error) {
    const mayBeMissing = error instanceof HotslotError && config.KESTRA_COMPAT_PORT === undefined;
    if (!mayBeMissing) {
      control.close();
      throw error;
    }
    log.warn('the Kestra-shaped routes are left out', { error });
  }
  return {
    controlUrl: urlOf(config, control),
    kestraUrl: kestra === undefined ? undefined : urlOf(config, kestra),
    close: () => {
      webSocket?.close();
      control.close();
      kestra?.close();
    },
  };
}

function urlOf(config: Config, server: ControlServer): string {
  const host = config.CONTROL_HOST.includes(':') ? `[${config.CONTROL_HOST}]` : config.CONTROL_HOST;
  return `http://${host}:${server.port}`;
}
