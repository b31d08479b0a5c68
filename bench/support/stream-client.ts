/** One client of a Yellowstone server in a process of its own, so that its processor time is its own. */
import { createRequire } from 'node:module';
import { CommitmentLevel, type SubscribeRequest, type SubscribeUpdate } from '@triton-one/yellowstone-grpc';
import { asAddress } from '../../src/model/brands.js';
import type { StreamSink } from '../../src/stream/types.js';
import { YellowstoneStream } from '../../src/stream/yellowstone-stream.js';
import { systemClock } from '../../src/time/clock.js';
import { systemRandom } from '../../src/time/random.js';
import { serveHelper } from './child.js';
import { PROOF_AT } from './synthetic-feed.js';

/** The package is CommonJS with a default export, which Node's ESM loader hides one level deeper. */
const { default: OfficialClient } = createRequire(import.meta.url)(
  '@triton-one/yellowstone-grpc',
) as typeof import('@triton-one/yellowstone-grpc');

const DRAIN_LOOK_MS = 20;
const STALLED_MS = 5_000;
/** What counts as stale when trading does not matter here, and a busy machine must not cut the stream. */
const PATIENT = { connectTimeoutMs: 20_000, pongStaleMs: 20_000, slotStaleMs: 20_000 };

export interface StreamClientOptions {
  readonly kind: 'hotslot' | 'official';
  readonly port: number;
  readonly accounts: readonly string[];
}

export interface StreamReport {
  readonly updates: number;
  /** Sum of one byte of each update's data: both clients must come to the same. */
  readonly proof: number;
  /** From the first update to the last. */
  readonly wallMs: number;
  readonly cpuUs: number;
}

let updates = 0;
let proof = 0;
let firstMs = 0;
let lastMs = 0;
let cpu = process.cpuUsage();
let close: (() => void) | undefined;

function count(data: Uint8Array): void {
  if (updates === 0) {
    cpu = process.cpuUsage();
    firstMs = performance.now();
  }
  updates += 1;
  proof += data[PROOF_AT]!;
  lastMs = performance.now();
}

function openHotslot({ port, accounts }: StreamClientOptions): Promise<() => void> {
  const stream = new YellowstoneStream({
    endpoint: `127.0.0.1:${port}`,
    name: 'bench',
    clock: systemClock,
    random: systemRandom,
    limits: PATIENT,
  });
  return new Promise((resolve) => {
    const sink: StreamSink = {
      onSlot: () => undefined,
      onBlockMeta: () => undefined,
      onAccount: (update) => count(update.data),
      onTransaction: () => undefined,
      onGap: () => undefined,
      onStatus: (status) => {
        if (status === 'live') resolve(() => stream.close());
      },
      onActivity: () => undefined,
    };
    stream.start(sink, { accounts: accounts.map(asAddress), wallets: [] });
  });
}

async function openOfficial({ port, accounts }: StreamClientOptions): Promise<() => void> {
  const client = new OfficialClient(`http://127.0.0.1:${port}`, undefined, {});
  await client.connect();
  const stream = await client.subscribe();
  stream.on('data', (update: SubscribeUpdate) => {
    const data = update.account?.account?.data;
    if (data !== undefined) count(data);
  });
  // The same subscription as the executor's.
  const request: SubscribeRequest = {
    commitment: CommitmentLevel.PROCESSED,
    accounts: { bench: { account: [...accounts], owner: [], filters: [] } },
    slots: { bench: { filterByCommitment: false, interslotUpdates: true } },
    blocksMeta: { bench: {} },
    transactions: {},
    transactionsStatus: {},
    blocks: {},
    entry: {},
    accountsDataSlice: [],
  };
  await new Promise<void>((resolve, reject) => {
    stream.write(request, (error) => (error ? reject(error) : resolve()));
  });
  return () => stream.destroy();
}

serveHelper(
  {
    start: () => undefined,
    open: async (options: StreamClientOptions) => {
      updates = 0;
      proof = 0;
      close = await (options.kind === 'hotslot' ? openHotslot(options) : openOfficial(options));
    },
    /** Resolves once so many updates came, or nothing more comes; the stream is closed then. */
    report: async (expected: number): Promise<StreamReport> => {
      let quietMs = 0;
      for (let before = updates; updates < expected && quietMs < STALLED_MS; before = updates) {
        await new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK_MS));
        quietMs = before === updates ? quietMs + DRAIN_LOOK_MS : 0;
      }
      const used = process.cpuUsage(cpu);
      close?.();
      return { updates, proof, wallMs: lastMs - firstMs, cpuUs: used.user + used.system };
    },
  },
  () => close?.(),
);
