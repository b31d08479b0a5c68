/** What the control plane can do to an executor; the process gives the implementation. */

import type { KillGrade } from '../lifecycle/ports.js';
import type { CancelResult, LiveAttempt } from '../lifecycle/trade-desk.js';
import type { LatencySnapshot, SpanName, StageName, StageQuantiles } from '../metrics/latency.js';
import type { Dimension } from '../metrics/latency-breakdown.js';
import type { Address, TradeId } from '../model/brands.js';
import type { Trade } from '../model/trade.js';
import type { TradeIntent } from '../model/trade-intent.js';
import type { MintListState } from '../risk/mint-lists.js';
import type { QueueStatus } from '../schedule/scheduler.js';
import type { IntentDefaults } from './trade-request.js';

export type CheckLevel = 'ok' | 'warn' | 'critical';

export interface HealthCheck {
  readonly name: string;
  readonly level: CheckLevel;
  readonly value: number | string;
  readonly unit?: string;
  /** More in words. */
  readonly detail?: string;
  /** Epoch ms since when it has this level. */
  readonly sinceMs: number;
}

export interface Readiness {
  readonly ready: boolean;
  /** What is not fresh yet, in words. */
  readonly waitingFor: readonly string[];
}

export interface KillSwitchState {
  readonly active: boolean;
  readonly grade: KillGrade;
  readonly reason: string;
  readonly sinceMs: number | undefined;
  /**
   * In the answer to a stop or a release: whether Redis has it. When not, this executor shares it as soon as Redis is
   * back. Absent without Redis, and while the executor starts.
   */
  readonly shared?: boolean;
}

/** The answer to a stop: what is out and may still land, each with its last valid height. */
export interface KillSwitchAnswer extends KillSwitchState {
  /** Absent, like the other list, while the executor starts: the journal has not been read yet. */
  readonly cancelled?: readonly TradeId[];
  readonly mayStillLand?: readonly LiveAttempt[];
}

export interface BreakerView {
  readonly name: string;
  readonly state: 'closed' | 'open' | 'halfOpen' | 'forcedOpen';
  readonly failures: number;
  readonly openedAtMs: number | undefined;
}

/** The mint lists as they are in force. */
export interface MintListsView {
  readonly deny: MintListState | null;
  readonly allow: MintListState | null;
  /** What is wrong with a file now: its last good content stays in force. */
  readonly fault: string | null;
}

/** What is done to the executor beside trading. */
export interface Maintenance {
  /** Locks from what is live, accounts from the chain. */
  restartAccounts(): Promise<unknown>;
  /** Keys in use, with the live trades of each. */
  keys(): unknown;
  /** Reads the keystore again. */
  reloadKeys(): Promise<unknown>;
  /** Looks at the files of the mint lists now, which else is done every two seconds. */
  reloadMintLists(): Promise<MintListsView>;
  /** Percent of slippage for intents that name none, for a time. @returns epoch ms at which it ends */
  overrideSlippage(percent: number, forMs: number): number;
}

/** What a mint costs, by Jupiter and by our pools. */
export interface PriceView {
  readonly mint: string;
  /** Null where Jupiter is not asked, gave no price, or none yet. */
  readonly reference: {
    readonly source: 'jupiter';
    /** Dollars for a whole token. */
    readonly usdPrice: number;
    readonly decimals: number;
    readonly slot: number | null;
    /** Epoch ms at which it was heard. */
    readonly atMs: number;
    readonly ageMs: number;
  } | null;
  readonly pools: readonly {
    readonly pool: string;
    readonly otherMint: string;
    /** Whole tokens of the other mint for one, without fees; null while the pool is not loaded. */
    readonly price: number | null;
    /** How far the pool is off the reference prices of its two mints. */
    readonly deviationBps: number | null;
  }[];
}

export interface TradeQuery {
  readonly limit: number;
  /** Only trades below this id, which is older ones. */
  readonly below: TradeId | undefined;
  readonly matches: (trade: Trade) => boolean;
  /** Whether a trade and all older ones cannot match. */
  readonly isPast: (trade: Trade) => boolean;
}

export interface TradePage {
  readonly trades: readonly Trade[];
  /** Where the next page begins; undefined where there is none. */
  readonly next: TradeId | undefined;
}

export interface Operations extends Maintenance {
  readonly intentDefaults: () => IntentDefaults;
  submit(intent: TradeIntent, receivedUs: number, fingerprint: string): Trade;
  trade(id: TradeId): Trade | undefined;
  /** Of a trading key's name, also one that retires; undefined for another text. */
  addressOf(wallet: string): Address | undefined;
  /** Newest first, from memory and history. */
  trades(query: TradeQuery): Promise<TradePage>;
  cancel(id: TradeId): CancelResult;
  queueStatus(): QueueStatus;
  clearQueue(): readonly TradeId[];
  killSwitch(): KillSwitchState;
  /** Another number after every change of the kill switch. */
  killSwitchVersion(): number;
  /** Resolves once it is in force everywhere and on disk. */
  engageKillSwitch(
    grade: Exclude<KillGrade, 'off'>,
    reason: string,
    source: string,
  ): Promise<KillSwitchAnswer>;
  releaseKillSwitch(reason: string, source: string): Promise<KillSwitchState>;
  breakers(): readonly BreakerView[];
  /** @returns false where no breaker has the name */
  setBreaker(name: string, state: 'open' | 'closed'): boolean;
  setMaxConcurrentTrades(limit: number | 'auto'): void;
  health(): readonly HealthCheck[];
  readiness(): Readiness;
  /** The body of `GET /api/status`. */
  status(): unknown;
  latency(): LatencySnapshot & { readonly signing: unknown };
  /** Stages of one venue, lane or wallet; undefined where nothing was measured of it. */
  latencyStages(of: Dimension, name: string): StageQuantiles | undefined;
  /** Of which venues, lanes or wallets something was measured. */
  latencyNames(of: Dimension): readonly string[];
  /** Today's interval log in `.hlog` format. */
  latencyLog(): Promise<string>;
  /** A percentile file in `.hgrm` format, microseconds. */
  latencyPercentiles(histogram: StageName | SpanName): string;
  /** A CPU profile of the main thread in Chrome's format. @throws HotslotError PROFILE_RUNNING */
  profile(durationMs: number): Promise<unknown>;
  positions(): unknown;
  /** Of every mint that a configured pool trades. */
  prices(): readonly PriceView[];
  /** @throws HotslotError MINT_UNKNOWN */
  price(mint: Address): PriceView;
  /** The body of `GET /api/metrics`. */
  metrics(): unknown;
  /** Prometheus' text. */
  scrape(): Promise<string>;
  /** Alerts that fire, their newest changes, and how each receiver fares. */
  alerts(): unknown;
}
