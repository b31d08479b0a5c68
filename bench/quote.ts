/** A pool update to the board, a read of it, a quote, and a whole attempt in place. */
import { CpmmNumbers } from '../src/market/cpmm-numbers.js';
import { quoteExactIn, quoteExactOut } from '../src/market/raydium-cpmm-quote.js';
import { asBlockHeight, asSlot } from '../src/model/brands.js';
import { ownClock } from '../src/threads/build-clock.js';
import { InlineBuilder } from '../src/threads/inline-builder.js';
import { KeyRing } from '../src/threads/key-ring.js';
import { RouteBook } from '../src/threads/route-book.js';
import { SharedBoard } from '../src/threads/shared-board.js';
import { systemClock } from '../src/time/clock.js';
import { alternate, type BenchOptions, type BenchOutcome, ratioOf, resultsOf, verify } from './measure.js';
import { benchKey, blockhash, poolKeys, poolState, swap, wallet } from './swap-workload.js';

/** By hand: 100,000,000 less 0.25% is 99,750,000; times 150e9 over (1000e9 + 99,750,000). */
const EXPECTED_OUT = 14_961_007n;

export async function run({ smoke, runs }: BenchOptions): Promise<BenchOutcome> {
  const board = SharedBoard.create(1);
  board.setHeadSlot(100);
  board.setConfirmed(98, 90);
  board.pushBlockhash({
    blockhash,
    slot: asSlot(98),
    blockHeight: asBlockHeight(90),
    lastValidBlockHeight: asBlockHeight(240),
  });
  const numbers = CpmmNumbers.of(poolState);
  board.setPool(0, 99, 1, numbers);
  board.setPoolAge(0, 0);
  const keys = new KeyRing();
  keys.add(benchKey());
  const routes = new RouteBook({ keysOf: () => poolKeys, indexOf: () => 0, accountExists: () => true });
  const builder = new InlineBuilder({ board, routes, keys, clock: ownClock(systemClock) });
  const request = {
    ...swap,
    tradeId: 'bench',
    wallet,
    pool: poolKeys.pool,
    limit: 1n,
    slippageBps: 100,
    validityBlocks: 150,
    maxBlockhashAgeSlots: 10,
    maxPoolAgeSlots: 3,
    pending: [],
    zeroSignature: false,
  };
  verify('quote', quoteExactIn(poolState, true, swap.amount).amountOut === EXPECTED_OUT);
  verify('board', board.pool(0)?.state.reserve1 === poolState.reserve1);
  const attempt = builder.build(request);
  verify('attempt', attempt.ok && attempt.quotedOut === EXPECTED_OUT);

  const batch = smoke ? 5 : 50;
  const samples = smoke ? 5 : 200;
  const rounds = await alternate(
    [
      { name: 'quote_exact_in', batch, samples, call: () => quoteExactIn(poolState, true, swap.amount) },
      { name: 'quote_exact_out', batch, samples, call: () => quoteExactOut(poolState, true, EXPECTED_OUT) },
      { name: 'board_write_pool', batch, samples, call: () => board.setPool(0, 99, 1, numbers) },
      { name: 'board_read_pool', batch, samples, call: () => board.pool(0) },
      { name: 'attempt_in_place', batch: smoke ? 2 : 10, samples, call: () => builder.build(request) },
    ],
    runs,
  );
  return {
    ratios: { quote_share_of_attempt: ratioOf(rounds, 'quote_exact_in', 'attempt_in_place') },
    results: resultsOf(rounds),
  };
}
