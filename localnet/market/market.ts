/**
 * Background traders. Each swap goes through a random pool, its size a small random part of the reserve, its
 * direction random too but the likelier to lead back the further the price has strayed from where it began:
 * prices keep moving and stay in range however long the cluster runs.
 */
import type { EngineEvent } from '../engine/messages.js';
import type { Prng } from '../engine/prng.js';
import { associatedTokenAddress } from '../genesis/program-address.js';
import type { Genesis, GenesisPool } from '../genesis/types.js';
import type { EngineClient, Ledger, LedgerFeed } from '../ledger/types.js';
import { type SwapLeg, SwapTemplate } from './swap-template.js';

/** Real time between batches; with a manual clock there is one batch a slot instead. */
const BATCH_MS = 20;
/** Most swaps of one batch, so that a stall is not followed by a flood. */
const BATCH_SWAPS_MAX = 100;
/** The most that can be asked for, swaps a second. */
export const MARKET_RATE_MAX = 5_000;
/** Mean size of a swap as a part of the reserve that it pays into: the price moves by twice that. */
const MEAN_SIZE_OF_RESERVE = 0.0002;
/** No swap is larger than this many mean sizes. */
const SIZE_MEANS_MAX = 6;
/** Odds of a swap that leads back, for each unit of ln(price / first price): 5% astray is always led back. */
const REVERSION = 10;
/** The traders' highest compute unit price, micro-lamports. */
const PRICE_MICRO_LAMPORTS_MAX = 20_000;
/** SPL token account: the amount is the u64 at byte 64. */
const TOKEN_AMOUNT_OFFSET = 64;
const SHARE_SCALE = 1_000_000_000;

export interface MarketOptions {
  readonly ledger: Ledger;
  readonly feed: LedgerFeed;
  readonly engine: Pick<EngineClient, 'submit' | 'conditions'>;
  readonly genesis: Pick<Genesis, 'pools' | 'mints' | 'traders'>;
  /** Swaps a second, 0 to 5,000. */
  readonly swapsPerSecond: number;
  /** Slots are stepped by hand: a slot's share of the swaps goes out as the slot begins. */
  readonly manual: boolean;
  readonly random: Prng;
}

export interface Market {
  swapsPerSecond(): number;
  /** Takes effect with the next batch. Throws `RangeError` out of 0 to 5,000. */
  setRate(swapsPerSecond: number): void;
  /** Swaps handed to the engine so far. */
  sentTotal(): number;
  close(): void;
}

interface Side {
  readonly mint: string;
  readonly tokenProgram: string;
  readonly vault: string;
}

interface TradedPool {
  readonly pool: GenesisPool;
  readonly sides: readonly [Side, Side];
  /** ln(reserve 1 / reserve 0) at the start. */
  readonly anchor: number;
}

export function startMarket(options: MarketOptions): Market {
  const { ledger, feed, engine, random, manual } = options;
  const pools = tradedPools(options);
  const traders = options.genesis.traders.flatMap(({ address, secretKey }) =>
    secretKey === undefined ? [] : [{ address, secretKey }],
  );
  const templates = new Map<string, SwapTemplate>();
  let rate = checkRate(options.swapsPerSecond);
  let sent = 0;
  let owed = 0;

  const swapOnce = (): void => {
    const trader = traders[Math.floor(random() * traders.length)];
    const traded = pools[Math.floor(random() * pools.length)];
    if (trader === undefined || traded === undefined) return;
    const [reserve0, reserve1] = reserves(ledger, traded);
    if (reserve0 === 0n || reserve1 === 0n) return;
    const strayed = Math.log(Number(reserve1) / Number(reserve0)) - traded.anchor;
    // Paying in side 0 lowers reserve 1 against reserve 0, so it is what leads back from above.
    const payFirst = random() < 0.5 + REVERSION * strayed;
    const input = traded.sides[payFirst ? 0 : 1];
    const output = traded.sides[payFirst ? 1 : 0];
    const means = Math.min(SIZE_MEANS_MAX, -Math.log(1 - random()));
    const share = BigInt(Math.ceil(means * MEAN_SIZE_OF_RESERVE * SHARE_SCALE));
    const amountIn = ((payFirst ? reserve0 : reserve1) * share) / BigInt(SHARE_SCALE) + 1n;
    const name = `${trader.address} ${traded.pool.address} ${payFirst}`;
    let template = templates.get(name);
    if (template === undefined) {
      template = new SwapTemplate(
        trader,
        traded.pool,
        leg(trader.address, input),
        leg(trader.address, output),
      );
      templates.set(name, template);
    }
    const wire = template.sign(ledger.latestBlockhash('confirmed').blockhash, {
      amountIn,
      minimumAmountOut: 0n,
      computeUnitPriceMicroLamports: BigInt(Math.floor(random() * PRICE_MICRO_LAMPORTS_MAX)),
    });
    engine.submit(wire, { external: false });
    sent += 1;
  };
  const pay = (elapsedMs: number): void => {
    owed = Math.min(owed + (rate * elapsedMs) / 1_000, BATCH_SWAPS_MAX);
    for (; owed >= 1; owed -= 1) swapOnce();
  };
  const stop = manual ? eachSlot(feed, () => pay(engine.conditions().slotMs)) : eachBatch(pay);
  return {
    swapsPerSecond: () => rate,
    setRate(swapsPerSecond) {
      rate = checkRate(swapsPerSecond);
    },
    sentTotal: () => sent,
    close: stop,
  };
}

function eachBatch(pay: (elapsedMs: number) => void): () => void {
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    pay(now - last);
    last = now;
  }, BATCH_MS);
  return () => clearInterval(timer);
}

function eachSlot(feed: LedgerFeed, pay: () => void): () => void {
  return feed.subscribe((event: EngineEvent) => {
    if (event.type === 'slot' && event.status === 'createdBank') pay();
  });
}

/** The pools whose both mints the traders hold; loaded snapshots may have others. */
function tradedPools({ ledger, genesis }: MarketOptions): readonly TradedPool[] {
  const programs = new Map(genesis.mints.map((mint) => [mint.address, mint.tokenProgram]));
  return genesis.pools.flatMap((pool) => {
    const program0 = programs.get(pool.token0Mint);
    const program1 = programs.get(pool.token1Mint);
    if (program0 === undefined || program1 === undefined) return [];
    const sides = [
      { mint: pool.token0Mint, tokenProgram: program0, vault: pool.token0Vault },
      { mint: pool.token1Mint, tokenProgram: program1, vault: pool.token1Vault },
    ] as const;
    const [reserve0, reserve1] = reserves(ledger, { sides });
    if (reserve0 === 0n || reserve1 === 0n) return [];
    return [{ pool, sides, anchor: Math.log(Number(reserve1) / Number(reserve0)) }];
  });
}

function reserves(ledger: Ledger, { sides }: Pick<TradedPool, 'sides'>): readonly [bigint, bigint] {
  return [vaultAmount(ledger, sides[0].vault), vaultAmount(ledger, sides[1].vault)];
}

function vaultAmount(ledger: Ledger, vault: string): bigint {
  const data = ledger.account(vault, 'processed')?.account.data;
  if (data === undefined || data.length < TOKEN_AMOUNT_OFFSET + 8) return 0n;
  return new DataView(data.buffer, data.byteOffset).getBigUint64(TOKEN_AMOUNT_OFFSET, true);
}

function leg(trader: string, side: Side): SwapLeg {
  return { ...side, account: associatedTokenAddress(trader, side.mint, side.tokenProgram) };
}

function checkRate(swapsPerSecond: number): number {
  if (!(swapsPerSecond >= 0 && swapsPerSecond <= MARKET_RATE_MAX)) {
    throw new RangeError(
      `the market's rate must be from 0 to ${MARKET_RATE_MAX} swaps a second, not ${swapsPerSecond}`,
    );
  }
  return swapsPerSecond;
}
