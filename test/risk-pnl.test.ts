/** A loss limit is worth what the PnL under it is: fees count, deposits do not, wrapped SOL is SOL. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemFs } from '../src/journal/journal-fs.js';
import { type Address, asAddress, asSignature, asSlot } from '../src/model/brands.js';
import { AUTO_TRIP_PERIOD_MS, AutoTrips, MIN_ENDED } from '../src/risk/auto-trips.js';
import { balanceChanges, SOL_MINT } from '../src/risk/balance-changes.js';
import { KillSwitch } from '../src/risk/kill-switch.js';
import { MAX_FINAL_SIGNATURES, MAX_REVOCABLE_LANDINGS, PnlBook } from '../src/risk/pnl.js';
import { AccountPositions } from '../src/risk/positions.js';
import type { TokenBalance, TransactionUpdate } from '../src/stream/types.js';
import { FixedAccounts } from './support/fixed-accounts.js';
import { ManualClock } from './support/manual-clock.js';

const wallet = asAddress('wallet');
const usd = asAddress('usd');
const DAY_MS = 86_400_000;
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hotslot-pnl-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

let signatures = 0;
type Tokens = [index: number, mint: Address, owner: Address, amount: bigint][];

function transaction(parts: {
  lamports: [before: bigint, after: bigint][];
  before?: Tokens;
  after?: Tokens;
  slot?: number;
}): TransactionUpdate {
  signatures += 1;
  const balances = (tokens: Tokens = []): TokenBalance[] =>
    tokens.map(([accountIndex, mint, owner, amount]) => ({ accountIndex, mint, owner, amount }));
  return {
    signature: asSignature(`s${signatures}`),
    slot: asSlot(parts.slot ?? 10),
    index: 0,
    error: undefined,
    feeLamports: 5000n,
    computeUnitsConsumed: 1n,
    accountKeys: [wallet, asAddress('ata1'), asAddress('ata2'), asAddress('vault')],
    preBalances: parts.lamports.map(([before]) => before),
    postBalances: parts.lamports.map(([, after]) => after),
    preTokenBalances: balances(parts.before),
    postTokenBalances: balances(parts.after),
    logMessages: [],
    receivedUs: 0,
  };
}

/** Spends 1,000 lamports of wrapped SOL, gets 150 usd, pays 5,000 of fee, opens its usd account for 2,000 of rent. */
const swap = (slot = 10): TransactionUpdate =>
  transaction({
    slot,
    lamports: [
      [100_000n, 93_000n],
      [12_000n, 11_000n],
      [0n, 2000n],
      [50_000n, 51_000n],
    ],
    before: [
      [1, SOL_MINT, wallet, 10_000n],
      [3, SOL_MINT, asAddress('pool'), 48_000n],
    ],
    after: [
      [1, SOL_MINT, wallet, 9000n],
      [2, usd, wallet, 150n],
      [3, SOL_MINT, asAddress('pool'), 49_000n],
    ],
  });

describe('balanceChanges', () => {
  it('counts wrapped SOL and rent of own accounts as SOL, and nobody else', () => {
    expect(balanceChanges(swap(), wallet)).toEqual(
      new Map([
        [usd, 150n],
        [SOL_MINT, -6000n],
      ]),
    );
  });

  it('makes wrapping nothing but its fee, and a failed transaction its fee', () => {
    const wrap = transaction({
      lamports: [
        [100_000n, 83_000n],
        [0n, 12_000n],
      ],
      after: [[1, SOL_MINT, wallet, 10_000n]],
    });
    expect(balanceChanges(wrap, wallet)).toEqual(new Map([[SOL_MINT, -5000n]]));
    const failed = transaction({ lamports: [[100_000n, 95_000n]] });
    expect(balanceChanges(failed, wallet)).toEqual(new Map([[SOL_MINT, -5000n]]));
    expect(balanceChanges(failed, asAddress('another'))).toEqual(new Map());
  });
});

describe('positions', () => {
  it('are what the wallets hold at confirmed, SOL in both forms on one row', () => {
    const accounts = new FixedAccounts();
    const holdings = [SOL_MINT, usd].map((mint) => ({
      wallet,
      mint,
      tokenAccount: asAddress(`${mint}-account`),
    }));
    const positions = new AccountPositions(accounts, [wallet], holdings);
    expect(positions.rows()).toEqual([]);
    accounts.setLamports(wallet, 93_000n);
    accounts.setTokens(asAddress(`${SOL_MINT}-account`), 9000n);
    accounts.setTokens(asAddress('usd-account'), 150n);
    expect([
      positions.lamports(wallet),
      positions.tokens(wallet, SOL_MINT),
      positions.total(SOL_MINT),
    ]).toEqual([93_000n, 9000n, 102_000n]);
    expect(positions.rows()).toEqual([
      { wallet, mint: SOL_MINT, amount: 102_000n },
      { wallet, mint: usd, amount: 150n },
    ]);
  });
});

describe('PnlBook', () => {
  /** A lamport is worth a hundredth of a usd unit, or what `price` says. */
  const setUp = (path?: string) => {
    const clock = new ManualClock(20_000 * DAY_MS);
    const price = { perHundredLamports: 1n };
    const valuation = (mint: Address, amount: bigint) =>
      mint === usd ? amount : mint === SOL_MINT ? (amount * price.perHundredLamports) / 100n : undefined;
    return { clock, price, valuation, book: () => new PnlBook({ valuation, clock, ...(path && { path }) }) };
  };

  it('is what trades moved at present prices; a deposit is never given to it and so not in it', () => {
    const { book, price } = setUp();
    const pnl = book();
    const trade = swap();
    expect([pnl.apply(trade, wallet), pnl.apply(trade, wallet)]).toEqual([true, false]);
    expect(pnl.status()).toMatchObject({ dailyQuote: 90n, drawdownQuote: 0n, unpriced: [] });
    price.perHundredLamports = 3n;
    expect(pnl.status()).toMatchObject({ dailyQuote: -30n, totalQuote: -30n, drawdownQuote: 120n });
  });

  it('turns the day at UTC midnight, not before, and keeps the drawdown', () => {
    const { book, clock } = setUp();
    const pnl = book();
    pnl.apply(transaction({ lamports: [[100_000n, 95_000n]] }), wallet);
    clock.advance(DAY_MS - 1);
    expect(pnl.status()).toMatchObject({ day: 20_000, dailyQuote: -50n });
    clock.advance(1);
    expect(pnl.status()).toMatchObject({ day: 20_001, dailyQuote: 0n, totalQuote: -50n, drawdownQuote: 50n });
  });

  it('is written now and then off the thread, only after a change, and the last word is the newest', async () => {
    const path = join(root, 'pnl.json');
    const { book } = setUp(path);
    const pnl = book();
    await pnl.saveLater();
    expect(existsSync(path)).toBe(false);
    pnl.apply(swap(), wallet);
    const late = pnl.saveLater();
    const trade = swap();
    pnl.apply(trade, wallet);
    await pnl.save();
    await late;
    expect(book().apply(trade, wallet)).toBe(false);
    expect(readdirSync(root)).toEqual(['pnl.json']);
  });

  it('is written again where it could not be put in its place', async () => {
    const path = join(root, 'pnl.json');
    const { clock, valuation } = setUp();
    let isFull = true;
    const rename = (from: string, to: string): void => {
      if (isFull) throw new Error('no space left');
      systemFs.rename(from, to);
    };
    const pnl = new PnlBook({ valuation, clock, path, files: { ...systemFs, rename } });
    const trade = swap();
    pnl.apply(trade, wallet);
    await expect(pnl.saveLater()).rejects.toThrow('no space left');
    isFull = false;
    await pnl.saveLater();
    expect(setUp(path).book().has(trade.signature)).toBe(true);
  });

  it('is written in pieces as it was at one moment, whatever lands meanwhile', async () => {
    const path = join(root, 'pnl.json');
    const { book } = setUp(path);
    const pnl = book();
    const before = Array.from({ length: 1_500 }, () => swap());
    for (const trade of before) pnl.apply(trade, wallet);
    const written = pnl.saveLater();
    const meanwhile = swap();
    pnl.apply(meanwhile, wallet);
    pnl.keep(before[1_400]!.signature);
    await written;
    const second = book();
    expect(second.status().totalQuote).toBe(1_500n * 90n);
    expect(before.every(({ signature }) => second.has(signature))).toBe(true);
    expect(second.has(meanwhile.signature)).toBe(false);
    expect(second.revoke(before[1_400]!.signature)).toBe(true);
    await pnl.saveLater();
    expect(book().status().totalQuote).toBe(1_501n * 90n);
    expect(book().revoke(before[1_400]!.signature)).toBe(false);
  });

  it('holds over a restart and counts nothing twice', async () => {
    const { book } = setUp(join(root, 'pnl.json'));
    const first = book();
    const trade = swap();
    first.apply(trade, wallet);
    await first.save();
    const second = book();
    expect(second.apply(trade, wallet)).toBe(false);
    expect(second.status().dailyQuote).toBe(90n);
  });
});

describe('a landing that is undone', () => {
  const gain = (usdUnits: bigint) =>
    transaction({ lamports: [[100n, 100n]], after: [[1, usd, wallet, usdUnits]] });
  const setUp = (path?: string) => {
    const clock = new ManualClock(20_000 * DAY_MS);
    const valuation = (mint: Address, amount: bigint) => (mint === usd ? amount : amount / 100n);
    return { clock, book: () => new PnlBook({ valuation, clock, ...(path && { path }) }) };
  };

  it('leaves the book as if it had not been, and counts when it lands again', () => {
    const pnl = setUp().book();
    const trade = swap();
    pnl.apply(trade, wallet);
    expect(pnl.status().totalQuote).toBe(90n);
    expect([pnl.revoke(trade.signature), pnl.revoke(trade.signature)]).toEqual([true, false]);
    expect(pnl.status()).toMatchObject({ dailyQuote: 0n, totalQuote: 0n, drawdownQuote: 0n });
    expect([pnl.has(trade.signature), pnl.apply(trade, wallet)]).toEqual([false, true]);
    expect(pnl.status()).toMatchObject({ dailyQuote: 90n, totalQuote: 90n });
  });

  it('is taken back by the next process too, unless it was final', async () => {
    const path = join(root, 'pnl.json');
    const { book } = setUp(path);
    const first = book();
    const [lost, final] = [swap(), gain(7n)];
    for (const trade of [lost, final]) first.apply(trade, wallet);
    first.keep(final.signature);
    await first.save();
    const second = book();
    expect([second.revoke(final.signature), second.revoke(lost.signature)]).toEqual([false, true]);
    expect(second.status()).toMatchObject({ totalQuote: 7n, drawdownQuote: 0n });
    await second.save();
    expect(book().status().totalQuote).toBe(7n);
  });

  it('is told apart by mint over two restarts, and with all else the file is JSON', async () => {
    const path = join(root, 'pnl.json');
    const { book } = setUp(path);
    await book().save();
    const first = book();
    const [one, two] = [gain(30n), swap()];
    for (const trade of [one, two]) {
      first.apply(trade, wallet);
      first.status();
    }
    first.revoke(one.signature);
    await first.save();
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ version: 1, counted: [two.signature] });
    const second = book();
    await second.save();
    const third = book();
    expect(third.status().totalQuote).toBe(90n);
    expect(third.revoke(two.signature)).toBe(true);
    expect(third.status()).toMatchObject({ totalQuote: 0n, drawdownQuote: 0n });
  });

  it('lowers the highest total by the gain that was in it, whichever of two is undone first', () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const pnl = setUp().book();
      pnl.apply(gain(30n), wallet);
      pnl.status();
      const gains = [gain(100n), gain(50n)];
      for (const trade of gains) {
        pnl.apply(trade, wallet);
        pnl.status();
      }
      pnl.revoke(gains[order[0]!]!.signature);
      const left = order[0] === 0 ? 80n : 130n;
      expect(pnl.status()).toMatchObject({ totalQuote: left, drawdownQuote: 0n });
      pnl.revoke(gains[order[1]!]!.signature);
      expect(pnl.status()).toMatchObject({ totalQuote: 30n, drawdownQuote: 0n });
    }
  });

  it('that was a loss leaves a highest total from before it alone', () => {
    const pnl = setUp().book();
    pnl.apply(gain(100n), wallet);
    pnl.status();
    const loss = transaction({ lamports: [[100_000n, 95_000n]] });
    pnl.apply(loss, wallet);
    expect(pnl.status().drawdownQuote).toBe(50n);
    pnl.revoke(loss.signature);
    expect(pnl.status()).toMatchObject({ totalQuote: 100n, drawdownQuote: 0n });
  });

  it('is taken from the day in which it counted, not from the present one', () => {
    const { book, clock } = setUp();
    const pnl = book();
    const trade = gain(40n);
    pnl.apply(trade, wallet);
    clock.advance(DAY_MS);
    expect(pnl.status()).toMatchObject({ day: 20_001, dailyQuote: 0n, totalQuote: 40n });
    pnl.revoke(trade.signature);
    expect(pnl.status()).toMatchObject({ day: 20_001, dailyQuote: 0n, totalQuote: 0n });
  });

  it('is remembered until it is final, however many land meanwhile, and after a restart none counts twice', async () => {
    const path = join(root, 'pnl.json');
    const { book } = setUp(path);
    const pnl = book();
    const waiting = [gain(1n), gain(2n)];
    for (const trade of waiting) pnl.apply(trade, wallet);
    const final = Array.from({ length: MAX_FINAL_SIGNATURES + 1 }, () => gain(0n));
    for (const trade of final) pnl.apply(trade, wallet);
    for (const { signature } of final) pnl.keep(signature);
    await pnl.save();
    const second = book();
    expect(second.apply(waiting[0]!, wallet)).toBe(false);
    expect(second.revoke(waiting[1]!.signature)).toBe(true);
    expect(second.status().totalQuote).toBe(1n);
    expect([0, 1].map((index) => second.has(final[index]!.signature))).toEqual([false, true]);
  });

  it('counts as final where more wait than are remembered', () => {
    const pnl = setUp().book();
    const trades = Array.from({ length: MAX_REVOCABLE_LANDINGS + 1 }, () => gain(0n));
    for (const trade of trades) pnl.apply(trade, wallet);
    expect([0, 1].map((index) => pnl.has(trades[index]!.signature))).toEqual([true, true]);
    expect([0, 1].map((index) => pnl.revoke(trades[index]!.signature))).toEqual([false, true]);
  });
});

describe('AutoTrips', () => {
  const setUp = () => {
    const clock = new ManualClock();
    const killSwitch = new KillSwitch({ path: join(root, 'kill.json'), clock });
    const pnl = new PnlBook({ valuation: (_mint, amount) => amount, clock });
    const trips = new AutoTrips({
      clock,
      killSwitch,
      pnl,
      limits: { maxDailyLossQuote: 10_000n, minSuccessRate: 0.9, maxStreamDownMs: 3000, maxRpcDownMs: 5000 },
    });
    const lose = () => pnl.apply(transaction({ lamports: [[100_000n, 95_000n]] }), wallet);
    return { clock, killSwitch, pnl, trips, lose };
  };

  it('counts an outage by what has passed, not by a clock that was set', () => {
    const { clock, killSwitch, trips } = setUp();
    let setMs = 0;
    const set = new AutoTrips({
      clock: {
        nowMs: () => clock.nowMs() + setMs,
        monotonicUs: () => clock.monotonicUs(),
        after: clock.after.bind(clock),
        every: clock.every.bind(clock),
      },
      killSwitch,
      pnl: new PnlBook({ valuation: (_mint, amount) => amount, clock }),
      limits: { maxStreamDownMs: 3_000 },
    });
    trips.close();
    set.streamIsUp(false);
    setMs = 3_600_000;
    clock.advance(2_999);
    expect(killSwitch.grade).toBeUndefined();
    setMs = -3_600_000;
    clock.advance(AUTO_TRIP_PERIOD_MS);
    expect(killSwitch.status()).toMatchObject({ grade: 'drain', source: 'stream-down' });
  });

  it('trips reduce at the daily loss, and leaves a release alone while the same loss lasts', () => {
    const { clock, killSwitch, lose } = setUp();
    lose();
    clock.advance(AUTO_TRIP_PERIOD_MS);
    expect(killSwitch.grade).toBeUndefined();
    lose();
    clock.advance(AUTO_TRIP_PERIOD_MS);
    expect(killSwitch.status()).toMatchObject({ grade: 'reduce', source: 'daily-loss' });
    killSwitch.release('accepted the loss', 'operator');
    clock.advance(60_000);
    expect(killSwitch.grade).toBeUndefined();
    clock.advance(DAY_MS);
    lose();
    lose();
    clock.advance(AUTO_TRIP_PERIOD_MS);
    expect(killSwitch.grade).toBe('reduce');
  });

  it('trips drain when too few trades succeed, once there are enough to tell', () => {
    const { clock, killSwitch, trips } = setUp();
    for (let index = 0; index < MIN_ENDED - 1; index += 1) trips.tradeEnded(index > 2);
    clock.advance(AUTO_TRIP_PERIOD_MS);
    expect(killSwitch.grade).toBeUndefined();
    trips.tradeEnded(true);
    clock.advance(AUTO_TRIP_PERIOD_MS);
    expect(killSwitch.status()).toMatchObject({ grade: 'drain', source: 'success-rate' });
    const rate = trips.successRate();
    trips.tradeEnded(true);
    trips.tradeUndone();
    expect(trips.successRate()).toBe(rate);
  });

  it('trips drain when stream or RPC were down for longer than the limit, without a break', () => {
    const { clock, killSwitch, trips } = setUp();
    trips.streamIsUp(false);
    clock.advance(2900);
    trips.streamIsUp(true);
    trips.streamIsUp(false);
    trips.rpcIsUp(false);
    clock.advance(2750);
    expect(killSwitch.grade).toBeUndefined();
    clock.advance(500);
    expect(killSwitch.status()).toMatchObject({ grade: 'drain', source: 'stream-down' });
    trips.close();
    expect(clock.timerCount).toBe(0);
  });
});
