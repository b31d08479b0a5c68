/** Every benchmark by name, in the order in which `npm run bench` runs them: one file a stage, then the paths. */
import type { BenchOptions, BenchOutcome } from './measure.js';

/** What each file exports as `run`. */
export type Bench = (options: BenchOptions) => Promise<BenchOutcome>;

export interface CatalogueEntry {
  readonly name: string;
  readonly what: string;
  readonly load: () => Promise<Bench>;
}

export const CATALOGUE: readonly CatalogueEntry[] = [
  {
    name: 'build-sign',
    what: 'a swap from intent to signed bytes, beside web3.js and kit',
    load: async () => (await import('./build-sign.js')).run,
  },
  {
    name: 'sign',
    what: 'one Ed25519 signature, beside OpenSSL, noble and web3.js',
    load: async () => (await import('./sign.js')).run,
  },
  {
    name: 'quote',
    what: 'a quote of a pool, both directions',
    load: async () => (await import('./quote.js')).run,
  },
  {
    name: 'hop',
    what: 'the way to a worker and back, beside Piscina.run',
    load: async () => (await import('./hop.js')).run,
  },
  {
    name: 'locks',
    what: 'account locks with 10 to 100,000 waiting, beside a table of Maps',
    load: async () => (await import('./locks.js')).run,
  },
  {
    name: 'journal',
    what: 'an attempt written down, beside a bare write',
    load: async () => (await import('./journal.js')).run,
  },
  {
    name: 'stream',
    what: 'account updates from one server, beside the official client',
    load: async () => (await import('./stream.js')).run,
  },
  {
    name: 'control-plane',
    what: 'GET /api/status, beside an empty route',
    load: async () => (await import('./control-plane.js')).run,
  },
  {
    name: 'localnet',
    what: 'the embedded cluster: capacity, slot ticks, delivery, start',
    load: async () => (await import('./localnet.js')).run,
  },
  {
    name: 'cold-start',
    what: 'from the start of the process to ready, with the embedded cluster and without',
    load: async () => (await import('./cold-start.js')).run,
  },
  {
    name: 'canonical',
    what: 'end to end: intent to wire and intent to confirmed, beside web3.js and a bare loop',
    load: async () => (await import('./canonical.js')).run,
  },
  {
    name: 'keep-warm',
    what: 'intent to wire at 20 a second, with the hot path kept warm and without',
    load: async () => (await import('./keep-warm.js')).run,
  },
];
