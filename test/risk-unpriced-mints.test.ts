/**
 * Pools are priced some time after a start, and may be lost for a moment. The one priced side of a swap was once taken
 * for the whole: it became a highest total that never falls, or the start of a day that hid the day's loss.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { poolCoverage, poolValuation } from '../src/executor/valuation.js';
import type { PoolKeys, PoolSnapshot } from '../src/market/types.js';
import { type Address, asAddress, asSignature, asTradeId } from '../src/model/brands.js';
import { AUTO_TRIP_PERIOD_MS, AutoTrips } from '../src/risk/auto-trips.js';
import { SOL_MINT } from '../src/risk/balance-changes.js';
import { KillSwitch } from '../src/risk/kill-switch.js';
import { PnlBook } from '../src/risk/pnl.js';
import { AccountPositions } from '../src/risk/positions.js';
import { Reservations } from '../src/risk/reservations.js';
import { RiskGate, type RiskLimits, type RiskRequest } from '../src/risk/risk-gate.js';
import { FixedAccounts } from './support/fixed-accounts.js';
import { ManualClock } from './support/manual-clock.js';
import { transactionUpdate } from './support/transactions.js';

const wallet = asAddress('wallet1');
const usd = asAddress('usd');
const DAY_MS = 86_400_000;
const LIMIT = 500n;
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hotslot-unpriced-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

let signatures = 0;

/** Moves so many usd units and lamports. */
function swap(usdUnits: bigint, lamports: bigint) {
  signatures += 1;
  const account = { accountIndex: 1, mint: usd, owner: wallet };
  return transactionUpdate(asSignature(`s${signatures}`), 10, {
    accountKeys: [wallet, asAddress('usd-account')],
    preBalances: [1_000_000n, 0n],
    postBalances: [1_000_000n + lamports, 0n],
    preTokenBalances: [{ ...account, amount: 1_000_000n }],
    postTokenBalances: [{ ...account, amount: 1_000_000n + usdUnits }],
  });
}
const sold = () => swap(4_500n, -30n);
const bought = () => swap(-4_500n, 30n);

/** A lamport is worth 150 usd units, where that is known. */
function setUp(limits: RiskLimits = {}) {
  const clock = new ManualClock(20_000 * DAY_MS);
  const price = { known: true, hasPool: true, ofALamport: 150n };
  const valuation = (mint: Address, amount: bigint) =>
    mint === usd ? amount : price.known && price.hasPool ? amount * price.ofALamport : undefined;
  const isPriceable = (mint: Address) => mint === usd || price.hasPool;
  const book = () => new PnlBook({ valuation, isPriceable, clock, path: join(root, 'pnl.json') });
  const killSwitch = new KillSwitch({ path: join(root, 'kill.json'), clock });
  const watch = (pnl: PnlBook) => new AutoTrips({ clock, killSwitch, pnl, limits });
  const gate = (pnl: PnlBook) => {
    const accounts = new FixedAccounts();
    accounts.setLamports(wallet, 1_000_000n);
    for (const mint of [usd, SOL_MINT]) accounts.setTokens(asAddress(`${mint}-account`), 1_000n);
    const holdings = [usd, SOL_MINT].map((mint) => ({
      wallet,
      mint,
      tokenAccount: asAddress(`${mint}-account`),
    }));
    const positions = new AccountPositions(accounts, [wallet], holdings);
    const reservations = new Reservations();
    return new RiskGate({
      clock,
      limits,
      killSwitch,
      positions,
      reservations,
      pnl,
      valuation,
      quoteMint: usd,
    });
  };
  return { clock, price, book, killSwitch, watch, gate };
}

describe('PnlBook while a price is awaited', () => {
  it('takes the one priced side of a sale for no highest total after a restart', async () => {
    const { book, price } = setUp();
    const first = book();
    first.apply(sold(), wallet);
    await first.save();
    price.known = false;
    const second = book();
    expect(second.status()).toMatchObject({ drawdownQuote: 0n, unpriced: [SOL_MINT], awaited: [SOL_MINT] });
    await second.save();
    price.known = true;
    for (const pnl of [second, book()])
      expect(pnl.status()).toMatchObject({ totalQuote: 0n, drawdownQuote: 0n, awaited: [] });
  });

  it('nor when the only pool of a mint is lost for a moment, and counts a true rise once it is back', () => {
    const { book, price } = setUp();
    const pnl = book();
    pnl.apply(sold(), wallet);
    pnl.status();
    price.known = false;
    pnl.status();
    price.known = true;
    price.ofALamport = 140n;
    expect(pnl.status()).toMatchObject({ totalQuote: 300n, drawdownQuote: 0n });
    price.ofALamport = 150n;
    expect(pnl.status().drawdownQuote).toBe(300n);
  });

  it('begins the new day with the first whole valuation', async () => {
    const { book, price, clock } = setUp();
    const first = book();
    first.apply(bought(), wallet);
    await first.save();
    clock.advance(DAY_MS);
    price.known = false;
    const second = book();
    expect(second.status().day).toBe(20_000);
    price.known = true;
    expect(second.status()).toMatchObject({ day: 20_001, dailyQuote: 0n });
    price.ofALamport = 130n;
    expect(second.status()).toMatchObject({ day: 20_001, dailyQuote: -600n });
  });

  it('takes a landing that is undone for worth nothing, not for its one priced side', () => {
    const { book, price, clock } = setUp();
    const pnl = book();
    pnl.apply(swap(5_000n, 0n), wallet);
    const lost = sold();
    pnl.apply(lost, wallet);
    pnl.status();
    clock.advance(DAY_MS);
    pnl.apply(swap(-400n, 0n), wallet);
    price.known = false;
    pnl.revoke(lost.signature);
    price.known = true;
    expect(pnl.status()).toMatchObject({ totalQuote: 4_600n, dailyQuote: -400n, drawdownQuote: 400n });
  });

  it('waits for nothing where no pool trades the mint any more', () => {
    const { book, price, clock } = setUp();
    const pnl = book();
    pnl.apply(bought(), wallet);
    price.hasPool = false;
    clock.advance(DAY_MS);
    expect(pnl.status()).toMatchObject({ day: 20_001, dailyQuote: 0n, unpriced: [SOL_MINT], awaited: [] });
    pnl.apply(swap(5_000n, 0n), wallet);
    pnl.apply(swap(-50n, 0n), wallet);
    expect(pnl.status()).toMatchObject({ totalQuote: 450n, dailyQuote: 4_950n });
    pnl.apply(swap(-50n, 0n), wallet);
    expect(pnl.status().drawdownQuote).toBe(50n);
  });
});

describe('AutoTrips while a price is awaited', () => {
  it.each([
    ['a sale', 'maxDrawdownQuote', sold],
    ['a purchase', 'maxDailyLossQuote', bought],
  ] as const)('trips at nothing that %s left, before the price is there and after', (_name, limit, trade) => {
    const { book, price, killSwitch, watch, clock } = setUp({ [limit]: LIMIT });
    const pnl = book();
    pnl.apply(trade(), wallet);
    price.known = false;
    const trips = watch(pnl);
    clock.advance(2 * AUTO_TRIP_PERIOD_MS);
    expect(killSwitch.grade).toBeUndefined();
    price.known = true;
    clock.advance(AUTO_TRIP_PERIOD_MS);
    expect(killSwitch.grade).toBeUndefined();
    pnl.apply(swap(-LIMIT, 0n), wallet);
    clock.advance(AUTO_TRIP_PERIOD_MS);
    expect(killSwitch.grade).toBe('reduce');
    trips.close();
  });

  it('leaves a release alone when the same loss is back with the price', () => {
    const { book, price, killSwitch, watch, clock } = setUp({ maxDailyLossQuote: LIMIT });
    const pnl = book();
    pnl.apply(sold(), wallet);
    pnl.apply(swap(-LIMIT, 0n), wallet);
    const trips = watch(pnl);
    clock.advance(AUTO_TRIP_PERIOD_MS);
    expect(killSwitch.grade).toBe('reduce');
    killSwitch.release('accepted the loss', 'operator');
    for (const known of [false, true]) {
      price.known = known;
      clock.advance(AUTO_TRIP_PERIOD_MS);
    }
    expect(killSwitch.grade).toBeUndefined();
    trips.close();
  });
});

describe('RiskGate while a price is awaited', () => {
  const request = (inputMint: Address, outputMint: Address): RiskRequest => ({
    tradeId: asTradeId('t1'),
    wallet,
    inputMint,
    outputMint,
    mostIn: 100n,
    mostOut: 100n,
    feeLamports: 5_000n,
    slippageBps: 100,
    priceImpactBps: 10,
  });

  it.each(['maxDailyLossQuote', 'maxDrawdownQuote'] as const)(
    'denies with %s what shrinks no position, until every price is there',
    (limit) => {
      const { book, price, gate: gateOf } = setUp({ [limit]: LIMIT });
      const pnl = book();
      pnl.apply(sold(), wallet);
      const gate = gateOf(pnl);
      price.known = false;
      const denial = { code: 'RISK_LIMIT', context: { limit, mint: SOL_MINT } };
      expect(() => gate.check(request(usd, SOL_MINT))).toThrow(expect.objectContaining(denial));
      gate.check(request(SOL_MINT, usd));
      price.known = true;
      gate.check(request(usd, SOL_MINT));
      price.hasPool = false;
      gate.check(request(usd, SOL_MINT));
    },
  );

  it('asks for no price where no loss is limited', () => {
    const { book, price, gate } = setUp();
    const pnl = book();
    pnl.apply(sold(), wallet);
    price.known = false;
    gate(pnl).check(request(usd, SOL_MINT));
  });
});

describe('poolCoverage', () => {
  const keys = (mint0: string, mint1: string) =>
    ({ pool: asAddress(`${mint0}-${mint1}`), mint0: asAddress(mint0), mint1: asAddress(mint1) }) as PoolKeys;
  const pools = [keys('usd', 'sol'), keys('bonk', 'sol'), keys('bonk', 'far')];

  it('says before any state is known of which mints there will be a price', () => {
    const states = new Map<Address, PoolSnapshot>();
    const source = {
      pools: () => pools,
      keysOf: () => undefined,
      snapshotOf: (pool: Address) => states.get(pool),
    };
    const covers = poolCoverage(source, usd);
    const valuation = poolValuation(source, usd);
    const mints = ['usd', 'sol', 'bonk', 'far', 'gone'].map(asAddress);
    expect(mints.map(covers)).toEqual([true, true, true, false, false]);
    expect(mints.map((mint) => valuation(mint, 1n) !== undefined)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
    for (const { pool } of pools)
      states.set(pool, { pool, state: { reserve0: 1_000n, reserve1: 1_000n } } as PoolSnapshot);
    expect(mints.map((mint) => valuation(mint, 1n) !== undefined)).toEqual(mints.map(covers));
  });
});
