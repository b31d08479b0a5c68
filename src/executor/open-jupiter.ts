/** Jupiter, wired: the client behind its circuit breaker, and the prices that are kept fresh in the background. */
import type { Config } from '../config/config.js';
import { JupiterClient } from '../jupiter/jupiter-client.js';
import { ReferencePrices } from '../jupiter/reference-prices.js';
import type { Log } from '../logging/log.js';
import type { PoolSource } from '../market/router.js';
import type { Address } from '../model/brands.js';
import type { BreakerRegistry } from '../risk/breakers.js';
import type { Clock } from '../time/clock.js';
import type { Endpoints } from './endpoints.js';

/** The name that operators close it by. */
export const JUPITER_BREAKER = 'jupiter';
/** Questions are few, a round of prices every two seconds: the breaker judges by fewer than an endpoint's would. */
const BREAKER_WINDOW = 6;
const BREAKER_MIN_CALLS = 3;

export interface JupiterParts {
  readonly config: Config;
  readonly endpoints: Pick<Endpoints, 'jupiter'>;
  readonly breakers: BreakerRegistry;
  readonly clock: Clock;
}

export interface Jupiter {
  readonly client: JupiterClient;
  /** Undefined with JUPITER_PRICE_POLL_MS=0. */
  readonly prices: ReferencePrices | undefined;
  close(): Promise<void>;
}

/** Undefined where Jupiter is not asked. */
export function openJupiterClient({
  config,
  endpoints,
  breakers,
  clock,
}: JupiterParts): JupiterClient | undefined {
  if (endpoints.jupiter === undefined) return undefined;
  const breaker = breakers.for(JUPITER_BREAKER, {
    halfOpenAfterMs: config.JUPITER_RECOVERY_MS,
    slowMs: config.JUPITER_TIMEOUT_MS / 2,
    window: BREAKER_WINDOW,
    minCalls: BREAKER_MIN_CALLS,
  });
  const client = new JupiterClient({
    url: endpoints.jupiter,
    apiKey: config.JUPITER_API_KEY,
    version: config.JUPITER_API_VERSION,
    timeoutMs: config.JUPITER_TIMEOUT_MS,
    requestsPerSecond: config.JUPITER_REQUESTS_PER_SECOND,
    breaker,
    clock,
  });
  breakers.onChange(({ name, state }) => {
    if (name === JUPITER_BREAKER && state === 'closed') client.forgetHold();
  });
  return client;
}

/** Undefined where Jupiter is not asked. */
export function openJupiter(parts: JupiterParts & { log: Log; pools: PoolSource }): Jupiter | undefined {
  const client = openJupiterClient(parts);
  if (client === undefined) return undefined;
  const { config, clock, log, pools } = parts;
  const prices =
    config.JUPITER_PRICE_POLL_MS === 0
      ? undefined
      : new ReferencePrices({
          client,
          mints: () => mintsOf(pools),
          clock,
          pollMs: config.JUPITER_PRICE_POLL_MS,
          onFault: (error) => log.warn('Jupiter could not be asked for every price; trying on', { error }),
          onRecovered: () => log.info('Jupiter gives prices again'),
        });
  return {
    client,
    prices,
    close: async () => {
      prices?.close();
      await client.close();
    },
  };
}

/** Every mint that a configured pool trades. */
export function mintsOf(pools: PoolSource): Address[] {
  return [...new Set(pools.pools().flatMap((keys) => [keys.mint0, keys.mint1]))];
}
