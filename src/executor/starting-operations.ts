/**
 * The control plane while the executor starts: it may wait for minutes for an endpoint that does not answer, and all
 * that time it is to be asked what it waits for, and to be stopped.
 */
import type { Config } from '../config/config.js';
import type { HealthCheck, KillSwitchState, Operations } from '../control/operations.js';
import { HotslotError } from '../errors/hotslot-error.js';
import type { KillSwitch, KillSwitchStatus } from '../risk/kill-switch.js';
import type { Clock } from '../time/clock.js';
import { VERSION } from '../version.js';
import { killSwitchVersionOf } from './kill-switch-version.js';

export interface StartingParts {
  readonly config: Config;
  readonly killSwitch: KillSwitch;
  readonly startedAtMs: number;
  readonly clock: Clock;
}

/** What can be answered without a chain. */
type StartingOperations = Partial<Operations>;

export function startingOperations(parts: StartingParts): StartingOperations {
  const { killSwitch, startedAtMs } = parts;
  const killSwitchNow = () => killSwitchState(killSwitch.status());
  const checks = (): HealthCheck[] => [
    { name: 'start', level: 'critical', value: waitingFor(parts.config), sinceMs: startedAtMs },
  ];
  const readiness = () => ({ ready: false, waitingFor: ['rpc', 'stream', 'blockhash', 'pools', 'wallets'] });
  return {
    killSwitch: killSwitchNow,
    killSwitchVersion: killSwitchVersionOf(killSwitch),
    // Which attempts are out is not known before the journal is read, nor whether it is shared already: the answer
    // leaves `mayStillLand` and `shared` out.
    engageKillSwitch: async (grade, reason, source) =>
      killSwitchState(killSwitch.engage(grade, reason, source)),
    releaseKillSwitch: async (reason, source) => killSwitchState(killSwitch.release(reason, source)),
    health: checks,
    readiness,
    status: () => ({
      version: VERSION,
      pid: process.pid,
      startedAtMs,
      embedded: parts.config.embedded,
      liveTrading: parts.config.mayTradeLive,
      ready: readiness(),
      health: { status: 'critical', checks: checks() },
      risk: { killSwitchActive: killSwitchNow().active, killSwitch: killSwitchNow() },
    }),
  };
}

const waitingFor = (config: Config) =>
  config.embedded ? 'waiting for the embedded cluster' : 'waiting for an RPC endpoint';

export function killSwitchState(status: KillSwitchStatus): KillSwitchState {
  return {
    active: status.active,
    grade: status.grade ?? 'off',
    reason: status.reason ?? '',
    sinceMs: status.sinceMs,
  };
}

/** The operations that count now, behind one object that the routes keep. */
export class OperationsInForce {
  #current: Partial<Operations>;
  /** Asks whichever is in force; what that cannot do is answered NOT_READY. */
  readonly relay: Operations;

  constructor(first: Partial<Operations>) {
    this.#current = first;
    this.relay = new Proxy({} as Operations, {
      get: (_target, name: keyof Operations) => this.#current[name] ?? notReady,
    });
  }

  replace(operations: Operations): void {
    this.#current = operations;
  }
}

function notReady(): never {
  throw new HotslotError('NOT_READY', { detail: 'It is still starting.' });
}
