/**
 * A whole cluster on one thread for the tests of JSON-RPC: the real engine and ledger behind the real server,
 * with a clock that stands still until a test steps a slot.
 */
import { createChaos } from '../../localnet/chaos/chaos.js';
import { Engine } from '../../localnet/engine/engine.js';
import type { EngineEvent, SlotConditions } from '../../localnet/engine/messages.js';
import { createLeaderSchedule } from '../../localnet/engine/schedule.js';
import { parseTransaction } from '../../localnet/engine/wire.js';
import { buildGenesis } from '../../localnet/genesis/build-genesis.js';
import type { Genesis } from '../../localnet/genesis/types.js';
import { createLedger, type RunningLedger } from '../../localnet/ledger/ledger.js';
import type { EngineClient } from '../../localnet/ledger/types.js';
import { type RpcOptions, type RunningRpc, startRpc } from '../../localnet/rpc/server.js';

const SLOTS_PER_EPOCH = 432;
const GENESIS_HASH = '4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY';
const SEED = 'rpc';

export interface TestCluster {
  readonly genesis: Genesis;
  readonly running: RunningLedger;
  readonly engine: EngineClient;
  readonly chaos: ReturnType<typeof createChaos>;
  readonly rpc: RunningRpc;
  readonly url: string;
  readonly wsUrl: string;
  /** Signatures that the server was told of, with the time of their receipt. */
  readonly received: { readonly signature: string; readonly atMs: number }[];
  /** How often the engine was given bytes. */
  readonly submitted: { count: number };
  /** Faults of the server itself; a test that is not about them expects none. */
  readonly faults: unknown[];
  /** One JSON-RPC call; answers its whole body. */
  call<Result = unknown>(method: string, ...params: unknown[]): Promise<RpcBody<Result>>;
  step(slots?: number): Promise<number>;
  close(): Promise<void>;
}

export interface RpcBody<Result = unknown> {
  readonly result?: Result;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data?: Readonly<Record<string, unknown>>;
  };
  readonly id: unknown;
}

export async function startTestCluster(
  conditions: Partial<SlotConditions> = {},
  options: Partial<RpcOptions> = {},
): Promise<TestCluster> {
  const genesis = buildGenesis({
    seed: SEED,
    pools: 8,
    wallets: 2,
    fund: [],
    programs: [],
    accountDirs: [],
    traders: 1,
  });
  let nowMs = 1_700_000_000_000;
  let running: RunningLedger | undefined;
  const early: EngineEvent[] = [];
  const engine = new Engine(
    {
      genesis,
      genesisHash: GENESIS_HASH,
      seed: SEED,
      conditions: {
        skipRate: 0,
        leaderSkipRate: 0,
        forkRate: 0,
        deadRate: 0,
        leaderDelayMs: 0,
        leaderDelayJitterMs: 0,
        ...conditions,
      },
    },
    {
      nowMs: () => nowMs,
      emit(event) {
        if (running !== undefined) {
          running.apply(event);
        } else if (event.type === 'block') {
          running = createLedger({
            base: event,
            accounts: early.flatMap((earlier) => (earlier.type === 'accounts' ? earlier.writes : [])),
            genesisHash: GENESIS_HASH,
            leaderOf: createLeaderSchedule(SEED, genesis.validators),
            validators: genesis.validators,
            slotsPerEpoch: SLOTS_PER_EPOCH,
          });
        } else {
          early.push(event);
        }
      },
    },
  );
  engine.start();
  if (running === undefined) throw new Error('the engine began without a block');
  const ledger = running;

  const submitted = { count: 0 };
  const step = (slots = 1): Promise<number> => {
    for (let i = 0; i < slots; i++) {
      nowMs += 400;
      engine.run();
      engine.nextSlot();
    }
    return Promise.resolve(engine.currentSlot());
  };
  const client: EngineClient = {
    submit(wire, { external = true, delayMs } = {}) {
      const { signature } = parseTransaction(wire);
      submitted.count += 1;
      // The bytes are the caller's again after this call, as they are when a thread lies between.
      engine.submit({ wire: wire.slice(), external, ...(delayMs === undefined ? {} : { delayMs }) });
      return { signature };
    },
    simulate: async (request) => engine.simulate(request),
    airdrop: async (address, lamports) => engine.airdrop(address, lamports),
    setAccount: async (address, account) => engine.setAccount(address, account),
    conditions: () => engine.conditions(),
    setConditions: async (change) => engine.setConditions(change),
    step,
  };
  const chaos = createChaos(SEED);
  const received: { signature: string; atMs: number }[] = [];
  const faults: unknown[] = [];
  const rpc = await startRpc({
    ledger: ledger.ledger,
    feed: ledger.feed,
    engine: client,
    chaos,
    host: '127.0.0.1',
    rpcPort: 0,
    wsPort: 0,
    onSendReceived: (signature, atMs) => received.push({ signature, atMs }),
    onError: (error) => faults.push(error),
    ...options,
  });
  const url = `http://127.0.0.1:${rpc.rpcPort}`;
  return {
    genesis,
    running: ledger,
    engine: client,
    chaos,
    rpc,
    url,
    wsUrl: `ws://127.0.0.1:${rpc.wsPort}`,
    received,
    submitted,
    faults,
    async call<Result>(method: string, ...params: unknown[]) {
      const response = await post(url, JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
      return (await response.json()) as RpcBody<Result>;
    },
    step,
    close: () => rpc.close(),
  };
}

export function post(
  url: string,
  body: string | Uint8Array,
  contentType = 'application/json',
): Promise<Response> {
  return fetch(url, { method: 'POST', headers: { 'content-type': contentType }, body });
}
