/** Thirty-two trades at once must not each pass alone: limits count what every live trade may still do. */
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { base58 } from '@scure/base';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HotslotError } from '../src/errors/hotslot-error.js';
import { asAddress, asTradeId } from '../src/model/brands.js';
import { SOL_MINT } from '../src/risk/balance-changes.js';
import { KillSwitch } from '../src/risk/kill-switch.js';
import { LIST_POLL_MS, MAX_LIST_BYTES, MintLists } from '../src/risk/mint-lists.js';
import { PnlBook } from '../src/risk/pnl.js';
import { AccountPositions } from '../src/risk/positions.js';
import { Reservations } from '../src/risk/reservations.js';
import { RiskGate, type RiskLimits, type RiskRequest } from '../src/risk/risk-gate.js';
import { FixedAccounts } from './support/fixed-accounts.js';
import { ManualClock } from './support/manual-clock.js';

const wallet = asAddress('wallet');
const usd = asAddress('usd');
const token = asAddress('token');
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hotslot-risk-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A wallet of 1,000,000 usd, 1,000 tokens worth 10 usd each, and 1,000,000 lamports worth nothing. */
function setUp(limits: RiskLimits, lists?: MintLists) {
  const clock = new ManualClock();
  const killSwitch = new KillSwitch({ path: join(root, 'kill.json'), clock });
  const accounts = new FixedAccounts();
  const holdings = [usd, token].map((mint) => ({ wallet, mint, tokenAccount: asAddress(`${mint}-account`) }));
  accounts.setLamports(wallet, 1_000_000n);
  accounts.setTokens(asAddress('usd-account'), 1_000_000n);
  accounts.setTokens(asAddress('token-account'), 1000n);
  const positions = new AccountPositions(accounts, [wallet], holdings);
  const valuation = (mint: string, amount: bigint): bigint | undefined =>
    mint === usd ? amount : mint === token ? amount * 10n : mint === SOL_MINT ? 0n : undefined;
  const reservations = new Reservations();
  const pnl = new PnlBook({ valuation, clock });
  const gate = new RiskGate({
    clock,
    limits,
    killSwitch,
    positions,
    reservations,
    pnl,
    valuation,
    quoteMint: usd,
    ...(lists === undefined ? {} : { lists }),
  });
  let number = 0;
  const buy = (over: Partial<RiskRequest> = {}): RiskRequest => {
    number += 1;
    return {
      tradeId: asTradeId(`t${number}`),
      wallet,
      inputMint: usd,
      outputMint: token,
      mostIn: 1000n,
      mostOut: 100n,
      feeLamports: 10_000n,
      slippageBps: 100,
      priceImpactBps: 10,
      ...over,
    };
  };
  const sell = (over: Partial<RiskRequest> = {}) =>
    buy({ inputMint: token, outputMint: usd, mostIn: 100n, mostOut: 1000n, ...over });
  return { clock, killSwitch, positions, reservations, gate, buy, sell };
}

function numberedAddress(number: number) {
  const bytes = new Uint8Array(32).fill(7);
  new DataView(bytes.buffer).setUint32(0, number);
  return asAddress(base58.encode(bytes));
}

/** The denial's code, with the limit's name where it has one. */
const denial = (action: () => void): string => {
  try {
    action();
  } catch (error) {
    const { code, context } = error as HotslotError;
    return [code, context?.limit].filter(Boolean).join(' ');
  }
  return 'accepted';
};

describe('RiskGate', () => {
  it.each([
    [
      'maxTradeQuote',
      { maxTradeQuote: 1000n },
      { mostIn: 1000n },
      { mostIn: 1001n },
      'RISK_LIMIT maxTradeQuote',
    ],
    [
      'maxSlippageBps',
      { maxSlippageBps: 50 },
      { slippageBps: 50 },
      { slippageBps: 51 },
      'RISK_LIMIT maxSlippageBps',
    ],
    [
      'maxPriceImpactBps',
      { maxPriceImpactBps: 50 },
      { priceImpactBps: 50 },
      { priceImpactBps: 51 },
      'PRICE_IMPACT maxPriceImpactBps',
    ],
    [
      'maxPositionByMint',
      { maxPositionByMint: new Map([[token, 1100n]]) },
      { mostOut: 100n },
      { mostOut: 101n },
      'RISK_LIMIT maxPositionByMint',
    ],
    [
      'maxPositionQuote',
      { maxPositionQuote: 11_000n },
      { mostOut: 100n },
      { mostOut: 101n },
      'RISK_LIMIT maxPositionQuote',
    ],
    [
      'maxConcentrationBps',
      { maxConcentrationBps: 200 },
      { mostOut: 1030n },
      { mostOut: 1031n },
      'RISK_LIMIT maxConcentrationBps',
    ],
    [
      'minWalletLamports',
      { minWalletLamports: 990_000n },
      { feeLamports: 10_000n },
      { feeLamports: 10_001n },
      'INSUFFICIENT_FUNDS minWalletLamports',
    ],
    ['funds', {}, { mostIn: 1_000_000n }, { mostIn: 1_000_001n }, 'INSUFFICIENT_FUNDS'],
  ] as const)(
    '%s: the last good value passes and the first bad one does not',
    (_name, limits, good, bad, code) => {
      const { gate, buy } = setUp(limits);
      expect(denial(() => gate.check(buy(good)))).toBe('accepted');
      expect(denial(() => gate.check(buy(bad)))).toBe(code);
    },
  );

  it('counts the worst case of every live trade, until it is released', () => {
    const { gate, buy, reservations } = setUp({ maxPositionByMint: new Map([[token, 1300n]]) });
    const answers = Array.from({ length: 32 }, () => denial(() => gate.accept(buy())));
    expect(answers.filter((answer) => answer === 'accepted')).toHaveLength(3);
    reservations.release(asTradeId('t1'));
    expect(denial(() => gate.accept(buy()))).toBe('accepted');
    expect(denial(() => gate.accept(buy()))).toBe('RISK_LIMIT maxPositionByMint');
  });

  it('never lets the live trades of a wallet together spend what it does not hold', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.bigInt({ min: 1n, max: 600_000n }), fc.boolean()), { maxLength: 30 }),
        (steps) => {
          const { gate, buy, reservations } = setUp({});
          const live: { id: RiskRequest['tradeId']; mostIn: bigint }[] = [];
          for (const [mostIn, ends] of steps) {
            const request = buy({ mostIn });
            if (denial(() => gate.accept(request)) === 'accepted') live.push({ id: request.tradeId, mostIn });
            if (ends && live.length > 0) reservations.release(live.shift()!.id);
            const spending = live.reduce((sum, trade) => sum + trade.mostIn, 0n);
            expect(spending).toBe(reservations.spending(wallet, usd));
            expect(spending <= 1_000_000n).toBe(true);
          }
          for (const trade of live) reservations.release(trade.id);
          expect([reservations.size, reservations.spending(wallet, usd), reservations.fees(wallet)]).toEqual([
            0,
            0n,
            0n,
          ]);
        },
      ),
      { numRuns: 200, seed: 22 },
    );
  });

  it('limits live trades a wallet and trades a second', () => {
    const { gate, buy, clock, reservations } = setUp({ maxLiveTradesPerWallet: 3, maxTradesPerSecond: 2 });
    expect([1, 2, 3].map(() => denial(() => gate.accept(buy())))).toEqual([
      'accepted',
      'accepted',
      'RATE_LIMITED 2',
    ]);
    clock.advance(999);
    expect(denial(() => gate.accept(buy()))).toBe('RATE_LIMITED 2');
    clock.advance(1);
    expect(denial(() => gate.accept(buy()))).toBe('accepted');
    expect(denial(() => gate.accept(buy()))).toBe('RISK_LIMIT maxLiveTradesPerWallet');
    reservations.release(asTradeId('t1'));
    expect(denial(() => gate.accept(buy()))).toBe('accepted');
  });

  it('under reduce lets through only what shrinks a position, each token once', () => {
    const { gate, buy, sell, killSwitch } = setUp({});
    killSwitch.trip('reduce', 'loss', 'daily-loss');
    expect(denial(() => gate.accept(buy()))).toBe('KILL_SWITCH_ACTIVE');
    expect(denial(() => gate.accept(sell({ mostIn: 700n })))).toBe('accepted');
    expect(denial(() => gate.accept(sell({ mostIn: 700n })))).toBe('KILL_SWITCH_ACTIVE');
    expect(denial(() => gate.accept(sell({ mostIn: 300n })))).toBe('accepted');
    killSwitch.trip('drain', 'test', 'operator');
    expect(denial(() => gate.accept(sell({ mostIn: 1n })))).toBe('KILL_SWITCH_ACTIVE');
  });

  it.each(['off', 'reduce', 'drain', 'stop'] as const)(
    'under %s judges a dry run by every limit of a real trade, and reserves nothing for it',
    (grade) => {
      const limits = { maxSlippageBps: 200, maxPositionQuote: 11_000n, maxTradesPerSecond: 1 };
      const { gate, buy, killSwitch, reservations } = setUp(limits);
      if (grade !== 'off') killSwitch.trip(grade, 'test', 'operator');
      expect([1, 2].map(() => denial(() => gate.check(buy())))).toEqual(['accepted', 'accepted']);
      expect(denial(() => gate.check(buy({ slippageBps: 201 })))).toBe('RISK_LIMIT maxSlippageBps');
      expect(denial(() => gate.check(buy({ mostOut: 101n })))).toBe('RISK_LIMIT maxPositionQuote');
      expect(denial(() => gate.check(buy({ mostIn: 1_000_001n })))).toBe('INSUFFICIENT_FUNDS');
      expect(reservations.size).toBe(0);
    },
  );

  it('denies a dry run too while as many trades as may were accepted within the second', () => {
    const { gate, buy } = setUp({ maxTradesPerSecond: 1 });
    gate.accept(buy());
    expect(denial(() => gate.check(buy()))).toBe('RATE_LIMITED 1');
  });

  it('denies a mint without a price where a limit in the quote currency is set', () => {
    const { gate, buy } = setUp({ maxPositionQuote: 1n << 60n });
    expect(denial(() => gate.check(buy({ outputMint: asAddress('new') })))).toBe(
      'RISK_LIMIT maxPositionQuote',
    );
  });
});

describe('MintLists', () => {
  const good = asAddress('So11111111111111111111111111111111111111112');
  const bad = asAddress('EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v');
  /** What the timer's look has begun is over when this resolves. */
  const looked = (clock: ManualClock, lists: MintLists) => {
    clock.advance(LIST_POLL_MS);
    return lists.reload();
  };

  it('reload when the file changes, and keep the last good list when it turns bad', async () => {
    const clock = new ManualClock();
    const path = join(root, 'deny');
    writeFileSync(path, `# nothing yet\n`);
    const lists = new MintLists({ denyPath: path, clock });
    const { gate, buy } = setUp({}, lists);
    expect(denial(() => gate.check(buy({ inputMint: usd, outputMint: bad })))).toBe('accepted');
    writeFileSync(path, `${bad} # stolen\n`);
    await looked(clock, lists);
    expect(denial(() => gate.check(buy({ outputMint: bad })))).toBe('MINT_DENIED');
    writeFileSync(path, 'not an address\n');
    utimesSync(path, 1, 1);
    await looked(clock, lists);
    expect(lists.fault).toContain('line 1');
    expect(denial(() => lists.check(bad, 'outputMint'))).toBe('MINT_DENIED');
    rmSync(path);
    await looked(clock, lists);
    expect(lists.fault).toContain('not there');
    expect(denial(() => lists.check(bad, 'outputMint'))).toBe('MINT_DENIED');
    lists.close();
    expect(clock.timerCount).toBe(0);
  });

  it('are looked at by themselves', async () => {
    const clock = new ManualClock();
    const path = join(root, 'deny');
    writeFileSync(path, '');
    const lists = new MintLists({ denyPath: path, clock });
    writeFileSync(path, `${bad}\n`);
    clock.advance(LIST_POLL_MS);
    await vi.waitFor(() => expect(denial(() => lists.check(bad, 'outputMint'))).toBe('MINT_DENIED'));
    lists.close();
  });

  it('a long one comes in over many turns, whole and not before, and the newest content last', async () => {
    const clock = new ManualClock();
    const path = join(root, 'deny');
    writeFileSync(path, '');
    const lists = new MintLists({ denyPath: path, clock });
    const others = Array.from({ length: 20_000 }, (_, index) => numberedAddress(index));
    writeFileSync(path, [bad, ...others, good].join('\n'));
    const reloaded = lists.reload();
    let turns = 0;
    let isOver = false;
    void reloaded.then(() => {
      isOver = true;
    });
    while (!isOver) {
      // Of a list that is half read nothing counts.
      if (denial(() => lists.check(bad, 'outputMint')) === 'MINT_DENIED')
        expect(denial(() => lists.check(good, 'outputMint'))).toBe('MINT_DENIED');
      turns += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(turns).toBeGreaterThan(20);
    expect(lists.state().deny?.mints).toBe(20_002);
    // What is written while a look is under way is found by the one that is asked for then.
    const [first, second] = [others.slice(0, 10_000), [...others, bad]];
    writeFileSync(path, first.join('\n'));
    const under = lists.reload();
    writeFileSync(path, second.join('\n'));
    await Promise.all([under, lists.reload()]);
    expect(lists.state().deny?.mints).toBe(20_001);
    lists.close();
  });

  it('one that is too long leaves the list as it was', async () => {
    const path = join(root, 'deny');
    writeFileSync(path, `${bad}\n`);
    const lists = new MintLists({ denyPath: path, clock: new ManualClock() });
    writeFileSync(path, '#'.repeat(MAX_LIST_BYTES));
    await lists.reload();
    expect([lists.fault, lists.state().deny?.mints]).toEqual([undefined, 0]);
    writeFileSync(path, '#'.repeat(MAX_LIST_BYTES + 1));
    await lists.reload();
    expect(lists.fault).toContain(`over ${MAX_LIST_BYTES} bytes`);
    lists.close();
  });

  it('a denylist that nobody asked for may be missing, but not vanish', async () => {
    const clock = new ManualClock();
    const path = join(root, 'default');
    const told: string[] = [];
    const onFault = (fault: string) => void told.push(fault);
    const lists = new MintLists({ denyPath: path, denyMayBeMissing: true, clock, onFault });
    lists.check(bad, 'outputMint');
    expect(lists.state()).toEqual({ deny: { path, mints: 0 }, allow: undefined });
    await looked(clock, lists);
    expect(lists.fault).toBeUndefined();
    writeFileSync(path, `${bad}\n`);
    await looked(clock, lists);
    expect(denial(() => lists.check(bad, 'outputMint'))).toBe('MINT_DENIED');
    rmSync(path);
    for (let looks = 0; looks < 3; looks += 1) await looked(clock, lists);
    expect(told).toEqual([expect.stringContaining('not there')]);
    expect(denial(() => lists.check(bad, 'outputMint'))).toBe('MINT_DENIED');
    lists.close();
  });

  it('an allowlist admits nothing else; one that cannot be read stops the start', () => {
    const clock = new ManualClock();
    const path = join(root, 'allow');
    expect(denial(() => new MintLists({ allowPath: path, clock }))).toBe('CONFIG_INVALID');
    writeFileSync(path, good);
    const lists = new MintLists({ allowPath: path, clock });
    expect(denial(() => lists.check(good, 'inputMint'))).toBe('accepted');
    expect(denial(() => lists.check(bad, 'inputMint'))).toBe('MINT_DENIED');
    lists.close();
  });
});
