/** What a cluster can be asked for, and what it does unasked. */
import type { ChaosSettings } from './chaos/chaos.js';
import type { ScenarioStep } from './chaos/scenario.js';
import type { SlotConditions } from './engine/messages.js';
import { LEDGER_SLOTS_DEFAULT, LEDGER_TRANSACTIONS_MAX } from './ledger/store.js';

export interface ClusterOptions {
  /** Interface of the client ports; the admin port is always on the loopback interface. */
  readonly host: string;
  /** Ports; 0 lets the system choose, which is the default from code. */
  readonly rpcPort: number;
  readonly wsPort: number;
  readonly grpcPort: number;
  readonly jupiterPort: number;
  readonly adminPort: number;
  /** The same seed gives the same keys, the same genesis hash and the same misfortunes; undefined: a random one. */
  readonly seed: string | undefined;
  /** Slots pass by `engine.step` or the admin route `/step` only. */
  readonly manual: boolean;
  /** Changes to the engine's defaults: 400 ms slots, confirmed after 2, finalized after 32, nothing goes wrong. */
  readonly conditions: Partial<SlotConditions>;
  readonly pools: number;
  readonly wallets: number;
  /** Addresses that get SOL and every mint at genesis. */
  readonly fund: readonly string[];
  readonly programs: readonly { readonly id: string; readonly file: string }[];
  /** Directories of account files as `solana account --output json` writes them. */
  readonly accountDirs: readonly string[];
  /** Wallets of the background market. */
  readonly traders: number;
  /** Background swaps a second over all pools. */
  readonly marketSwapsPerSecond: number;
  /** Where the ledger is kept across restarts; undefined: nowhere. */
  readonly stateDir: string | undefined;
  /** Blocks and transactions kept for history; the oldest fall out, but never one of the last 150 rooted slots. */
  readonly ledgerSlots: number;
  readonly ledgerTransactions: number;
  /** Token that Yellowstone clients must send; undefined: none. */
  readonly xToken: string | undefined;
  /** Key that Jupiter's clients must send; undefined: none. */
  readonly jupiterApiKey: string | undefined;
  readonly chaos: Partial<ChaosSettings>;
  readonly scenario: readonly ScenarioStep[];
  /** Hears of what went wrong and was survived: a full disk under the kept ledger, a step that did not fit. */
  readonly onWarning: (message: string) => void;
  /** Hears of the end of the engine by a fault of its own; the cluster is of no use after it. */
  readonly onFault: (error: Error) => void;
}

export const CLUSTER_DEFAULTS: ClusterOptions = Object.freeze({
  host: '127.0.0.1',
  rpcPort: 0,
  wsPort: 0,
  grpcPort: 0,
  jupiterPort: 0,
  adminPort: 0,
  seed: undefined,
  manual: false,
  conditions: {},
  pools: 8,
  wallets: 0,
  fund: [],
  programs: [],
  accountDirs: [],
  traders: 4,
  marketSwapsPerSecond: 0,
  stateDir: undefined,
  ledgerSlots: LEDGER_SLOTS_DEFAULT,
  ledgerTransactions: LEDGER_TRANSACTIONS_MAX,
  xToken: undefined,
  jupiterApiKey: undefined,
  chaos: {},
  scenario: [],
  onWarning: (message: string) => {
    process.stderr.write(`localnet: ${message}\n`);
  },
  onFault: (error: Error) => {
    throw error;
  },
});
