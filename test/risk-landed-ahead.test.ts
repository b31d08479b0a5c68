/**
 * A node told that a buy was confirmed before the stream had brought what it bought: its reservation was gone, its
 * position not there yet, and the next buy passed the limit.
 */
import { describe, expect, it } from 'vitest';
import type { FetchedState } from '../src/cache/account-cache.js';
import { HotCache } from '../src/cache/hot-cache.js';
import { RiskAdmission } from '../src/executor/risk-admission.js';
import { type Address, asAddress, asSlot } from '../src/model/brands.js';
import type { Trade } from '../src/model/trade.js';
import { PnlBook } from '../src/risk/pnl.js';
import { AccountPositions } from '../src/risk/positions.js';
import { Reservations } from '../src/risk/reservations.js';
import { RiskGate } from '../src/risk/risk-gate.js';
import { MINTS } from './sim/market.js';
import { DeskRig, WALLET } from './support/desk-rig.js';
import { gap, liveSlot, OWNER, slotUpdate, write } from './support/stream-updates.js';

const LANDED = 12;
const [SPENT, BOUGHT] = [MINTS[0]!, MINTS[1]!];
const [SPENT_ACCOUNT, BOUGHT_ACCOUNT] = ['spent-account', 'bought-account'].map(asAddress) as [
  Address,
  Address,
];

function tokens(amount: bigint): FetchedState {
  const data = Buffer.alloc(165);
  data.writeBigUInt64LE(amount, 64);
  return { lamports: 2_039_280n, owner: OWNER, data };
}

/** A wallet that may hold 3,000 of what a trade of 1,000 buys 2,000 of, give or take a percent. */
class Fixture {
  readonly reservations = new Reservations();
  readonly cache: HotCache;
  readonly rig: DeskRig;
  readonly admission: RiskAdmission;

  /** @param wallets of the keystore */
  constructor(wallets: readonly Address[] = [WALLET]) {
    this.cache = new HotCache({ clock: { nowMs: () => 0 } as never, random: { next: () => 0.5 } });
    this.cache.track([WALLET, SPENT_ACCOUNT, BOUGHT_ACCOUNT]);
    this.cache.onGap(gap(9));
    liveSlot(this.cache, 10, 9);
    this.confirm(10);
    this.fetched(10, 10_000n, 0n);
    const positions = new AccountPositions(this.cache, wallets, [
      { wallet: WALLET, mint: SPENT, tokenAccount: SPENT_ACCOUNT },
      { wallet: WALLET, mint: BOUGHT, tokenAccount: BOUGHT_ACCOUNT },
    ]);
    const valuation = (_mint: Address, amount: bigint) => amount;
    const { reservations } = this;
    const pnl = new PnlBook({ valuation });
    const gate = new RiskGate({
      clock: { monotonicUs: () => 0 } as never,
      limits: { maxPositionByMint: new Map([[BOUGHT, 3_000n]]) },
      killSwitch: { mayAccept: () => true, status: () => ({}) as never },
      positions,
      reservations,
      pnl,
      valuation,
      quoteMint: SPENT,
    });
    const admission = new RiskAdmission({
      wallets: [{ name: 'wallet1', address: WALLET }],
      gate,
      reservations,
      positions,
      pnl,
      minWalletLamports: 0n,
      maxCostLamports: 10n,
    });
    this.admission = admission;
    const balancesChanged = () => admission.balancesChanged();
    this.cache.addListener({
      onConfirmed: balancesChanged,
      onSlotComplete: balancesChanged,
      onArmed: balancesChanged,
    });
    this.rig = new DeskRig({}, admission);
  }

  confirm(slot: number): void {
    this.cache.onSlot(slotUpdate(slot, 'confirmed', slot - 1));
  }

  fetched(slot: number, spentAccount: bigint, boughtAccount: bigint): void {
    const lamports = { lamports: 1_000_000n, owner: OWNER, data: new Uint8Array(0) };
    this.cache.accept(
      asSlot(slot),
      [WALLET, SPENT_ACCOUNT, BOUGHT_ACCOUNT],
      [lamports, tokens(spentAccount), tokens(boughtAccount)],
    );
  }

  /** The slot in which the first trade landed. */
  landingSlot(): void {
    const [spent, bought] = [tokens(9_000n), tokens(2_000n)];
    liveSlot(this.cache, LANDED, 11, [
      { ...write(SPENT_ACCOUNT, LANDED, 1, 0), data: spent.data },
      { ...write(BOUGHT_ACCOUNT, LANDED, 2, 0), data: bought.data },
    ]);
  }

  /** What the limit says to another buy. */
  next(): string {
    try {
      this.rig.submit();
      return 'accepted';
    } catch (error) {
      return (error as { code: string }).code;
    }
  }

  confirmedByNode(trade: Trade, slot = LANDED): void {
    this.rig.landed(trade, 'confirmed', { slot, bare: true });
  }
}

describe('a landing that a node told before the stream did', () => {
  it('counts for the limits all the while: first as reserved, then as held', async () => {
    const fixture = new Fixture();
    const trade = await fixture.rig.sent();
    expect(fixture.next()).toBe('RISK_LIMIT');
    fixture.confirmedByNode(trade);
    expect([trade.state, fixture.next()]).toEqual(['confirmed', 'RISK_LIMIT']);
    liveSlot(fixture.cache, 11, 10);
    fixture.landingSlot();
    fixture.confirm(11);
    expect([fixture.next(), fixture.reservations.size]).toEqual(['RISK_LIMIT', 1]);
    fixture.confirm(LANDED);
    expect([fixture.next(), fixture.reservations.size]).toEqual(['RISK_LIMIT', 0]);
  });

  it('is reserved until a gap of the balances is mended, though its slot is confirmed', async () => {
    const fixture = new Fixture();
    const trade = await fixture.rig.sent();
    fixture.cache.onGap(gap(13, { reason: 'reconnect', completeThrough: asSlot(10) }));
    liveSlot(fixture.cache, 14, 13);
    fixture.confirm(14);
    fixture.confirmedByNode(trade);
    expect([fixture.next(), fixture.reservations.size]).toEqual(['RISK_LIMIT', 1]);
    fixture.fetched(14, 9_000n, 2_000n);
    expect([fixture.next(), fixture.reservations.size]).toEqual(['RISK_LIMIT', 0]);
  });

  it('and was final at once gives back nothing sooner', async () => {
    const fixture = new Fixture();
    const trade = await fixture.rig.sent();
    fixture.rig.landed(trade, 'finalized', { slot: LANDED, bare: true });
    expect([trade.state, fixture.next(), fixture.reservations.size]).toEqual(['finalized', 'RISK_LIMIT', 1]);
    liveSlot(fixture.cache, 11, 10);
    fixture.landingSlot();
    fixture.confirm(LANDED);
    expect([fixture.next(), fixture.reservations.size]).toEqual(['RISK_LIMIT', 0]);
  });

  it('of a wallet that has left the keystore gives its reservation back: no balance will ever show it', async () => {
    const trade = await new Fixture().rig.sent();
    const { admission, reservations } = new Fixture([]);
    admission.readmit(trade);
    expect(reservations.buying(BOUGHT)).toBeGreaterThan(0n);
    admission.release(trade.id, asSlot(LANDED));
    expect([reservations.size, reservations.buying(BOUGHT)]).toEqual([0, 0n]);
  });

  it('and lost its fork is reserved until the trade ends, whatever the balances do', async () => {
    const fixture = new Fixture();
    const trade = await fixture.rig.sent();
    fixture.confirmedByNode(trade);
    fixture.rig.forkLost(trade, LANDED);
    liveSlot(fixture.cache, 11, 10);
    liveSlot(fixture.cache, 13, 11);
    fixture.confirm(13);
    expect([fixture.next(), fixture.reservations.size]).toEqual(['RISK_LIMIT', 1]);
  });
});
