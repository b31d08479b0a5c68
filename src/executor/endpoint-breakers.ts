/** The circuit breakers of the endpoints, in the form in which each stage asks for them, and for operators. */
import type { BreakerView } from '../control/operations.js';
import type { Log } from '../logging/log.js';
import { type Breaker, BreakerRegistry, type BreakerState, type BreakerStatus } from '../risk/breakers.js';
import type { NodeGuard } from '../send/rpc-pool.js';
import type { LaneGuard } from '../send/transaction-sender.js';
import type { StreamGuard } from '../stream/stream-set.js';
import type { Clock } from '../time/clock.js';
import { type Endpoints, rpcNames, streamNames } from './endpoints.js';

const RPC = 'rpc:';
const YELLOWSTONE = 'yellowstone:';

/** A breaker for each endpoint, listed from the start; every change of state is logged. */
export function openBreakers(
  { rpc, yellowstone }: Pick<Endpoints, 'rpc' | 'yellowstone'>,
  clock: Clock,
  log: Log,
): BreakerRegistry {
  const registry = new BreakerRegistry({ clock });
  for (const name of rpcNames(rpc)) registry.for(RPC + name);
  for (const name of streamNames(yellowstone)) registry.for(YELLOWSTONE + name);
  registry.onChange(({ name, state, lastError }) => {
    log[state === 'closed' ? 'info' : 'warn'](`circuit breaker ${state}`, { breaker: name, lastError });
  });
  return registry;
}

/** `rpc:<host>` for reads. */
export function nodeGuard(registry: BreakerRegistry): NodeGuard {
  return {
    isClosed: (host) => registry.for(RPC + host).isUsable,
    isForcedOpen: (host) => registry.for(RPC + host).state === 'isolated',
    succeeded: (host, elapsedMs) => void registry.for(RPC + host).report(true, elapsedMs),
    failed: (host, elapsedMs) => void registry.for(RPC + host).report(false, elapsedMs, 'a read failed'),
  };
}

/** `rpc:<host>` for sends; a lane has its breaker's name. */
export function laneGuard(registry: BreakerRegistry): LaneGuard {
  return {
    isUsable: (name) => registry.for(name).isUsable,
    isForcedOpen: (name) => registry.for(name).state === 'isolated',
    succeeded: (name, elapsedMs) => void registry.for(name).report(true, elapsedMs),
    failed: (name, elapsedMs, detail) => void registry.for(name).report(false, elapsedMs, detail),
  };
}

/** `yellowstone:<host>`. */
export function streamGuard(registry: BreakerRegistry): StreamGuard {
  const of = (name: string): Breaker => registry.for(YELLOWSTONE + name);
  return {
    isUsable: (name) => of(name).isUsable,
    isForcedOpen: (name) => of(name).state === 'isolated',
    succeeded: (name, lagMs) => void of(name).report(true, lagMs),
    failed: (name, detail) => void of(name).report(false, 0, detail),
  };
}

const VIEW_STATE: { readonly [State in BreakerState]: BreakerView['state'] } = {
  closed: 'closed',
  open: 'open',
  halfOpen: 'halfOpen',
  isolated: 'forcedOpen',
};

export function breakerViews(registry: BreakerRegistry): BreakerView[] {
  return registry.list().map(breakerView);
}

export function breakerView({ name, state, failures, changedAtMs }: BreakerStatus): BreakerView {
  return {
    name,
    state: VIEW_STATE[state],
    failures,
    openedAtMs: state === 'closed' ? undefined : changedAtMs,
  };
}

/**
 * Opens or closes by hand: the breaker of that name, else those that have it behind their prefix
 * (`127.0.0.1:8899` is `rpc:127.0.0.1:8899`).
 * @returns false where there is none
 */
export function setBreakers(registry: BreakerRegistry, asked: string, state: 'open' | 'closed'): boolean {
  const names = registry.list().map(({ name }) => name);
  const found = names.includes(asked) ? [asked] : names.filter((name) => withoutPrefix(name) === asked);
  for (const name of found) {
    if (state === 'open') registry.get(name).open();
    else registry.get(name).close();
  }
  return found.length > 0;
}

function withoutPrefix(name: string): string {
  return name.replace(/^(rpc|yellowstone):/, '');
}
