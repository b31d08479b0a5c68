/**
 * An embedded Solana cluster in one call: genesis, the engine on a thread of its own, the ledger, JSON-RPC and
 * PubSub, Yellowstone gRPC, Jupiter's quotes, background traders and the admin interface, on ports of the loopback
 * interface.
 */
import { once } from 'node:events';
import { adminActions } from './admin/actions.js';
import { startAdminServer } from './admin/admin-server.js';
import { countDrops } from './admin/drop-counts.js';
import { createSubmissionRecord, type SubmissionRecord } from './admin/submission-record.js';
import { CHAOS_FIELDS, type ChaosControls, createChaos } from './chaos/chaos.js';
import { playScenario, type ScenarioStep } from './chaos/scenario.js';
import { cutStreamsAtRandom } from './chaos/stream-cuts.js';
import { CLUSTER_DEFAULTS, type ClusterOptions } from './cluster-options.js';
import { type Engine, startEngine } from './engine/engine-client.js';
import { createPrng } from './engine/prng.js';
import { createLeaderSchedule } from './engine/schedule.js';
import type { Genesis, GenesisMint, GenesisPool } from './genesis/types.js';
import { startGeyser } from './geyser/start-geyser.js';
import { startJupiter } from './jupiter/server.js';
import { Keepers } from './keepers.js';
import { keepState, type Origin, openOrigin, resumeFrom } from './kept-state.js';
import { createLedger, type RunningLedger } from './ledger/ledger.js';
import type { EngineClient, Ledger, LedgerFeed } from './ledger/types.js';
import { type Market, startMarket } from './market/market.js';
import { checkPorts } from './ports.js';
import { startRpc } from './rpc/server.js';
import { replayState, storeOptions } from './state/state-loader.js';
import { lockStateDir } from './state/state-lock.js';

export { CLUSTER_DEFAULTS, type ClusterOptions } from './cluster-options.js';

/** One epoch is as long as on mainnet; nothing here depends on it but what getEpochInfo says. */
const SLOTS_PER_EPOCH = 432_000;

/** The first line that the command prints. */
export interface ClusterInfo {
  readonly rpcUrl: string;
  readonly wsUrl: string;
  /** With `http://` before it, as Yellowstone's own client wants it; other gRPC clients take what follows. */
  readonly grpcEndpoint: string;
  /** Jupiter's quotes and prices: what stands in the place of `https://api.jup.ag`. */
  readonly jupiterUrl: string;
  readonly adminUrl: string;
  readonly genesisHash: string;
  readonly pid: number;
  readonly pools: readonly GenesisPool[];
  readonly mints: readonly GenesisMint[];
  readonly lookupTables: readonly string[];
  /** Addresses of the wallets made and funded; the keys of those made are in `Cluster.genesis`. */
  readonly wallets: readonly string[];
}

export interface Cluster {
  readonly info: ClusterInfo;
  readonly ledger: Ledger;
  readonly feed: LedgerFeed;
  readonly engine: EngineClient;
  readonly genesis: Genesis;
  readonly chaos: ChaosControls;
  readonly market: Market;
  readonly record: SubmissionRecord;
  /** Who holds a connection by which the cluster outlives its parent process. */
  readonly keepers: Keepers;
  /** Ends everything in order; what was kept on disk is complete then. Further calls wait for the same end. */
  close(): Promise<void>;
}

/**
 * Resolves when every port answers and the first slot has begun.
 * Rejects with `PortTakenError`, `StateDirError`, `RangeError` (a value out of range), or with what the genesis
 * files are refused for; nothing is left running then.
 */
export async function startCluster(options: Partial<ClusterOptions> = {}): Promise<Cluster> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const settings: ClusterOptions = { ...CLUSTER_DEFAULTS, ...Object.fromEntries(given) };
  const closers = new Closers();
  try {
    return await start(settings, closers);
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/** What has to be ended, and in which order: the last one started is the first to end. */
class Closers {
  readonly #list: (() => void | Promise<void>)[] = [];
  #closing: Promise<void> | undefined;

  add(close: () => void | Promise<void>): void {
    this.#list.push(close);
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    for (const close of this.#list.reverse()) await close();
  }
}

async function start(settings: ClusterOptions, closers: Closers): Promise<Cluster> {
  const { host, stateDir } = settings;
  await checkPorts(host, [
    { port: settings.rpcPort, purpose: 'JSON-RPC', flag: '--rpc-port' },
    { port: settings.wsPort, purpose: 'the PubSub WebSocket', flag: '--ws-port' },
    { port: settings.grpcPort, purpose: 'Yellowstone gRPC', flag: '--grpc-port' },
    { port: settings.jupiterPort, purpose: "Jupiter's API", flag: '--jupiter-port' },
    { port: settings.adminPort, purpose: 'the admin interface', flag: '--admin-port' },
  ]);
  if (stateDir !== undefined) closers.add(await lockStateDir(stateDir));
  const origin = openOrigin(settings);
  const { genesis, genesisHash, seed } = origin;
  const running = openLedger(settings, origin);
  const { ledger, feed } = running;
  if (stateDir !== undefined) closers.add(keepState(stateDir, running, origin.loaded, settings.onWarning));

  const engine = await openEngine(settings, origin, running);
  closers.add(() => engine.close());
  const chaos = createChaos(`${seed} ${ledger.slot('processed')}`, settings.chaos);
  const record = createSubmissionRecord();
  const drops = countDrops(feed);
  let hasBegun = false;
  const rpc = await startRpc({
    ledger,
    feed,
    engine,
    chaos,
    host,
    rpcPort: settings.rpcPort,
    wsPort: settings.wsPort,
    hasBegun: () => hasBegun,
    onSendReceived: (signature, receivedAtMs) => record.note(signature, receivedAtMs),
  });
  closers.add(() => rpc.close());
  const geyser = await startGeyser({
    ledger,
    feed,
    chaos,
    host,
    port: settings.grpcPort,
    ...(settings.xToken === undefined ? {} : { xToken: settings.xToken }),
  });
  closers.add(() => geyser.close());
  const jupiter = await startJupiter({
    ledger,
    pools: genesis.pools,
    chaos,
    host,
    port: settings.jupiterPort,
    ...(settings.jupiterApiKey === undefined ? {} : { apiKey: settings.jupiterApiKey }),
  });
  closers.add(() => jupiter.close());

  await beginSlots(engine, feed);
  hasBegun = true;
  const market = startMarket({
    ledger,
    feed,
    engine,
    genesis,
    swapsPerSecond: settings.marketSwapsPerSecond,
    manual: settings.manual,
    // Not the same swaps again after a restart.
    random: createPrng(seed, 'market', ledger.slot('processed')),
  });
  closers.add(() => market.close());
  closers.add(cutStreamsAtRandom(chaos));
  let info: ClusterInfo | undefined;
  const keepers = new Keepers();
  const admin = await startAdminServer(
    adminActions({ ledger, engine, chaos, record, drops, market, keepers, info: () => info }),
    keepers,
    settings.adminPort,
  );
  closers.add(() => admin.close());
  closers.add(startScenario(settings, engine, chaos));
  info = {
    rpcUrl: `http://${urlHost(host)}:${rpc.rpcPort}`,
    wsUrl: `ws://${urlHost(host)}:${rpc.wsPort}`,
    grpcEndpoint: `http://${urlHost(host)}:${geyser.port}`,
    jupiterUrl: `http://${urlHost(host)}:${jupiter.port}`,
    adminUrl: `http://127.0.0.1:${admin.port}`,
    genesisHash,
    pid: process.pid,
    pools: genesis.pools,
    mints: genesis.mints,
    lookupTables: genesis.lookupTables,
    wallets: [...genesis.wallets.map(({ address }) => address), ...genesis.funded],
  };
  return {
    info,
    ledger,
    feed,
    engine,
    genesis,
    chaos,
    market,
    record,
    keepers,
    close: () => closers.close(),
  };
}

/** A host that a client on this machine can connect to, as it stands in a URL. */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

/** The ledger at its root: empty before genesis is announced, or all that was kept. */
function openLedger(settings: ClusterOptions, { genesis, genesisHash, seed, loaded }: Origin): RunningLedger {
  const leaderOf = createLeaderSchedule(seed, genesis.validators);
  const facts = {
    genesisHash,
    leaderOf,
    validators: genesis.validators,
    slotsPerEpoch: SLOTS_PER_EPOCH,
    slotsMax: settings.ledgerSlots,
    transactionsMax: settings.ledgerTransactions,
  };
  if (loaded !== undefined) {
    const running = createLedger({ ...facts, ...storeOptions(loaded) });
    replayState(loaded, running);
    return running;
  }
  return createLedger({
    ...facts,
    accounts: [],
    // Stands in until the engine announces the root, with the time of its start in it.
    base: {
      type: 'block',
      slot: 0,
      parentSlot: 0,
      blockhash: genesisHash,
      parentBlockhash: '11111111111111111111111111111111',
      blockHeight: 0,
      blockTime: 0,
      leader: leaderOf(0),
      transactionCount: 0,
      entryCount: 1,
    },
  });
}

async function openEngine(
  settings: ClusterOptions,
  { genesis, genesisHash, seed, loaded }: Origin,
  { apply, store }: RunningLedger,
): Promise<Engine> {
  const engine = await startEngine({
    genesis,
    genesisHash,
    seed,
    conditions: settings.conditions,
    manualClock: settings.manual,
    ...(loaded === undefined ? {} : { resume: resumeFrom(store, loaded) }),
  });
  engine.onFault((error) => settings.onFault(error));
  engine.onEvents((events) => {
    for (const event of events) apply(event);
  });
  return engine;
}

/** Lets the engine announce its root and begin; resolves with the first sign of a slot after it. */
async function beginSlots(engine: Engine, feed: LedgerFeed): Promise<void> {
  const started = new EventTarget();
  const announced = once(started, 'announced');
  const unsubscribe = feed.subscribe((event) => {
    // The root's own statuses end with this one.
    if (event.type === 'slot' && event.status === 'finalized') started.dispatchEvent(new Event('announced'));
  });
  engine.run();
  await announced;
  unsubscribe();
}

function startScenario(settings: ClusterOptions, engine: EngineClient, chaos: ChaosControls): () => void {
  const run = async ({ set, cutStreams }: ScenarioStep): Promise<void> => {
    const entries = Object.entries(set ?? {});
    const isChaos = ([name]: readonly [string, unknown]) => Object.hasOwn(CHAOS_FIELDS, name);
    const conditions = entries.filter((entry) => !isChaos(entry));
    chaos.set(Object.fromEntries(entries.filter(isChaos)));
    if (conditions.length > 0) await engine.setConditions(Object.fromEntries(conditions));
    if (cutStreams === true) chaos.cutStreams();
  };
  return playScenario(settings.scenario, run, ({ atMs }, error) => {
    const reason = error instanceof Error ? error.message : String(error);
    settings.onWarning(`the scenario's step at ${atMs} ms: ${reason}`);
  });
}
