/** `--state`: takes a kept ledger up again, or begins to keep a new one. */
import { randomBytes } from 'node:crypto';
import type { ClusterOptions } from './cluster-options.js';
import type { EngineEvent } from './engine/messages.js';
import type { EngineResume } from './engine/resume.js';
import { buildGenesis } from './genesis/build-genesis.js';
import type { Genesis, GenesisOptions } from './genesis/types.js';
import { genesisHashOf } from './genesis-hash.js';
import type { RunningLedger } from './ledger/ledger.js';
import type { LedgerStore } from './ledger/store.js';
import { StateDirError, type StateMeta, writeMeta } from './state/state-dir.js';
import { type LoadedState, loadState } from './state/state-loader.js';
import { StateWriter } from './state/state-writer.js';

/** As many blocks as the SlotHashes sysvar lists. */
const RESUMED_BLOCKS = 512;
/**
 * A slot in progress when the process was killed gave out write versions that nothing on disk tells of. No slot
 * writes this often, so going on from here none is given out twice.
 */
const WRITE_VERSION_LEAP = 10_000_000n;

export interface Origin {
  readonly seed: string;
  readonly genesis: Genesis;
  readonly genesisHash: string;
  readonly loaded: LoadedState | undefined;
}

/** Builds genesis, from the options, or from those that a kept ledger began with. */
export function openOrigin(options: ClusterOptions): Origin {
  const loaded = options.stateDir === undefined ? undefined : loadState(options.stateDir);
  const genesisOptions =
    loaded === undefined ? genesisOptionsOf(options) : (loaded.meta.genesis as unknown as GenesisOptions);
  if (loaded !== undefined) warnOfIgnored(options, loaded.meta);
  const genesis = buildGenesis(genesisOptions);
  const genesisHash = genesisHashOf(genesis);
  if (loaded !== undefined && loaded.meta.genesisHash !== genesisHash) {
    const { stateDir } = options;
    throw new StateDirError(
      `${stateDir}: its genesis cannot be built again (a program or account file, or the software, has changed)`,
    );
  }
  if (options.stateDir !== undefined && loaded === undefined) {
    writeMeta(options.stateDir, { genesisHash, genesis: { ...genesisOptions } });
  }
  return { seed: genesisOptions.seed, genesis, genesisHash, loaded };
}

function genesisOptionsOf(options: ClusterOptions): GenesisOptions {
  const { pools, wallets, fund, programs, accountDirs, traders } = options;
  const seed = options.seed ?? randomBytes(16).toString('hex');
  return { seed, pools, wallets, fund, programs, accountDirs, traders };
}

function warnOfIgnored(options: ClusterOptions, meta: StateMeta): void {
  const asked = genesisOptionsOf({ ...options, seed: options.seed ?? String(meta.genesis.seed) });
  if (JSON.stringify(asked) === JSON.stringify(meta.genesis)) return;
  options.onWarning(
    `${options.stateDir} holds a ledger already: seed, pools, wallets, funding, programs and accounts stay as it began`,
  );
}

/** What the engine needs to go on from the ledger's head. */
export function resumeFrom(store: LedgerStore, { lastSlot }: Pick<LoadedState, 'lastSlot'>): EngineResume {
  const { chain } = store;
  const blocks = chain.slice(chain.length - RESUMED_BLOCKS, chain.length);
  return {
    accounts: [...store.accounts.all(chain.head.slot)],
    blocks: blocks.map(({ slot, block, transactions }) => ({
      slot,
      parentSlot: block.parentSlot,
      height: block.blockHeight,
      blockhash: block.blockhash,
      blockTime: block.blockTime,
      signatures: transactions.map(({ signature }) => signature),
    })),
    writeVersion: store.writeVersion + WRITE_VERSION_LEAP,
    // The slot after the head may have been in progress, and told of, when the last run ended.
    lastSlot: Math.max(chain.head.slot + 1, lastSlot),
  };
}

/** Keeps the ledger from the first slot that begins after the root was announced. Answers how to end it. */
export function keepState(
  dir: string,
  running: RunningLedger,
  loaded: LoadedState | undefined,
  onWarning: (message: string) => void,
): () => void {
  const { store, feed } = running;
  const rootSlot = store.chain.head.slot;
  let writer: StateWriter | undefined;
  let failed = false;
  const attempt = (action: () => void): void => {
    if (failed) return;
    try {
      action();
    } catch (error) {
      failed = true;
      const reason = error instanceof Error ? error.message : String(error);
      onWarning(`the ledger is no longer kept in ${dir}: ${reason}`);
    }
  };
  const unsubscribe = feed.subscribe((event: EngineEvent) => {
    attempt(() => {
      if (event.type === 'slot' && event.slot > rootSlot) {
        writer ??= new StateWriter(dir, store, loaded?.segments ?? []);
      }
      writer?.onEvent(event);
    });
  });
  return () => {
    unsubscribe();
    attempt(() => writer?.close());
  };
}
