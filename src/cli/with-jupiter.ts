/** Jupiter as a command asks it: with a breaker of its own, since the running executor's is another process's. */
import type { Config } from '../config/config.js';
import { openJupiterClient } from '../executor/open-jupiter.js';
import type { JupiterClient } from '../jupiter/jupiter-client.js';
import { BreakerRegistry } from '../risk/breakers.js';
import { systemClock } from '../time/clock.js';

/** Undefined where there is no URL: Jupiter is not asked. */
export async function withJupiter<T>(
  config: Config,
  jupiter: string | undefined,
  use: (client: JupiterClient) => Promise<T>,
): Promise<T | undefined> {
  const clock = systemClock;
  const breakers = new BreakerRegistry({ clock });
  const client = openJupiterClient({ config, endpoints: { jupiter }, breakers, clock });
  if (client === undefined) return undefined;
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}
