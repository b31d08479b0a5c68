/** The names of everything in Redis that is ours. */
export interface RedisKeys {
  /** JSON text with an expiry: what one token is worth. */
  price(mint: string): string;
  /** JSON text with an expiry: every pool, with its slot and age. */
  readonly pools: string;
  /** JSON text with an expiry: how an executor is. */
  status(executor: string): string;
  /** A stream of what happened, capped. */
  readonly events: string;
  /** A hash, one field a mark (see `risk/switch-ledger.ts`), without an expiry. */
  readonly killSwitch: string;
  /** A channel: the shared switch has changed. It carries no content; who hears it reads the hash. */
  readonly killSwitchChanged: string;
}

export function redisKeys(prefix: string): RedisKeys {
  return {
    price: (mint) => `${prefix}price:${mint}`,
    pools: `${prefix}pools`,
    status: (executor) => `${prefix}status:${executor}`,
    events: `${prefix}events`,
    killSwitch: `${prefix}kill-switch`,
    killSwitchChanged: `${prefix}kill-switch-changed`,
  };
}
