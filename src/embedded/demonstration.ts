/** Trades for `npm start` to show: small swaps to and fro over all pools, a few a second. */
import { HotslotError } from '../errors/hotslot-error.js';
import type { PoolKeys, PoolSnapshot } from '../market/types.js';
import type { TradeIntent } from '../model/trade-intent.js';
import type { Clock } from '../time/clock.js';
import type { Random } from '../time/random.js';

/** Share of a pool's reserve that one trade spends, one in. */
const RESERVE_SHARE = 50_000n;

export interface DemonstrationOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly tradesPerSecond: number;
  readonly pools: () => readonly { readonly keys: PoolKeys; readonly snapshot: PoolSnapshot | undefined }[];
  readonly submit: (intent: TradeIntent) => void;
  readonly slippageBps: number;
  readonly deadlineMs: number;
  readonly validityBlocks: number;
  /** Denials are part of life; each is heard once a code. */
  readonly onDenied: (error: HotslotError) => void;
}

/** @returns ends it */
export function startDemonstration(options: DemonstrationOptions): () => void {
  const runId = Math.floor(options.random.next() * 0xffff_ffff).toString(16);
  let count = 0;
  const heard = new Set<string>();
  const timer = options.clock.every(1000 / options.tradesPerSecond, () => {
    const pools = options.pools();
    const chosen = pools[Math.floor(options.random.next() * pools.length)];
    if (chosen?.snapshot === undefined) return;
    try {
      options.submit(intentFor(chosen.keys, chosen.snapshot, `demo-${runId}-${count++}`, options));
    } catch (error) {
      if (!(error instanceof HotslotError)) throw error;
      if (!heard.has(error.code)) options.onDenied(error);
      heard.add(error.code);
    }
  });
  return () => timer.cancel();
}

function intentFor(
  keys: PoolKeys,
  snapshot: PoolSnapshot,
  clientOrderId: string,
  options: DemonstrationOptions,
): TradeIntent {
  const zeroForOne = options.random.next() < 0.5;
  const reserve = zeroForOne ? snapshot.state.reserve0 : snapshot.state.reserve1;
  const scale = BigInt(Math.floor(50 + options.random.next() * 100));
  const amount = (reserve * scale) / (RESERVE_SHARE * 100n);
  return {
    clientOrderId,
    inputMint: zeroForOne ? keys.mint0 : keys.mint1,
    outputMint: zeroForOne ? keys.mint1 : keys.mint0,
    amount: amount > 0n ? amount : 1n,
    mode: 'exactIn',
    slippageBps: options.slippageBps,
    pool: keys.pool,
    priority: 4,
    deadlineMs: options.deadlineMs,
    validityBlocks: options.validityBlocks,
    dryRun: false,
  };
}
