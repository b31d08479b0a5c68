/** An executor as the WebSocket's topics hear of it. */
import type { Alert, AlertWatch } from '../alerts/alert-watch.js';
import type { AlertSource, KillSwitchSource, LiveSources } from '../control/live-sources.js';
import type { BreakerData, RaisedAlert } from '../control/ws-data.js';
import type { BreakerStatus } from '../risk/breakers.js';
import type { KillSwitch } from '../risk/kill-switch.js';
import { breakerView } from './endpoint-breakers.js';
import type { Executor } from './executor.js';
import { killSwitchState } from './starting-operations.js';

export function killSwitchSource(killSwitch: KillSwitch): KillSwitchSource {
  return {
    current: () => killSwitchState(killSwitch.status()),
    onChange: (listener) => killSwitch.onChange((status) => listener(killSwitchState(status))),
  };
}

export function liveSources({ desk, market, latency, breakers }: Executor): LiveSources {
  const { slots } = market.cache;
  return {
    onTrade: (listener) => desk.onTrade(listener),
    recentTrades: (limit) => desk.recent(limit),
    onSlot: (listener) => {
      market.cache.addListener({ onHead: listener, onConfirmed: listener, onFinalized: listener });
    },
    slots: () => ({
      slot: slots.head(),
      confirmedSlot: slots.slot('confirmed'),
      finalizedSlot: slots.slot('finalized'),
      blockHeight: slots.blockHeight('confirmed') ?? null,
    }),
    queue: () => desk.scheduler.status(),
    histogram: (name) => latency.histogram(name),
    slotDelta: () => latency.slotDelta(),
    onBreaker: (listener) => breakers.onChange((status) => listener(breakerData(status))),
    breakers: () => breakers.list().map(breakerData),
  };
}

function breakerData(status: BreakerStatus): BreakerData {
  const { name, state } = breakerView(status);
  return {
    kind: 'breaker',
    name,
    state,
    ...(status.lastError === undefined ? {} : { detail: status.lastError }),
  };
}

export function alertSource(watch: AlertWatch): AlertSource {
  return {
    onAlert: (listener) => watch.onAlert((alert) => listener(raisedAlert(alert))),
    raised: () => watch.firing().map(raisedAlert),
  };
}

function raisedAlert({
  name,
  severity,
  status,
  summary,
  value,
  threshold,
  unit,
  sinceMs,
}: Alert): RaisedAlert {
  return {
    kind: 'alert',
    name,
    level: severity === 'critical' ? 'critical' : 'warn',
    state: status === 'firing' ? 'raised' : 'cleared',
    message: summary,
    value,
    threshold,
    unit,
    sinceMs,
  };
}
