/** A stream probe in a process of its own, so that the load generator's work is not counted as delivery. */
import { serveHelper } from './child.js';
import { StreamProbe } from './stream-probe.js';

export interface ProbeOptions {
  readonly endpoint: string;
  readonly wallets: readonly string[];
  readonly slotMs: number;
}

let probe: StreamProbe | undefined;

serveHelper(
  {
    start: async ({ endpoint, wallets, slotMs }: ProbeOptions) => {
      probe = await StreamProbe.open(endpoint, wallets, slotMs);
    },
    count: () => probe?.transactions,
    take: () => probe?.take(),
  },
  () => probe?.close(),
);
