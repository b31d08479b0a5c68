/** What JSON-RPC and Yellowstone read from the ledger: validity windows, statuses, histories, fees, lag. */
import { describe, expect, it } from 'vitest';
import { account, addressOf, Driver, newLedger } from './ledger-events.js';

describe('blockhash validity', () => {
  it('lasts for exactly 151 blocks, the hash’s own included', () => {
    const running = newLedger();
    const driver = new Driver(running);
    driver.empty(1, 10);
    const { ledger } = running;
    expect(ledger.blockhashInfo('hash-10', 'processed')).toEqual({
      blockhash: 'hash-10',
      slot: 10,
      blockHeight: 10,
      lastValidBlockHeight: 160,
    });
    driver.empty(11, 160);
    expect(ledger.isBlockhashValid('hash-10', 'processed')).toBe(true);
    driver.empty(161, 161);
    expect(ledger.isBlockhashValid('hash-10', 'processed')).toBe(false);
    expect(ledger.isBlockhashValid('hash-10', 'confirmed')).toBe(true);
  });

  it('does not know at confirmed a hash that is only processed', () => {
    const running = newLedger();
    new Driver(running).empty(1, 10);
    expect(running.ledger.isBlockhashValid('hash-10', 'processed')).toBe(true);
    expect(running.ledger.isBlockhashValid('hash-10', 'confirmed')).toBe(false);
    expect(running.ledger.latestBlockhash('confirmed').blockhash).toBe('hash-8');
    expect(running.ledger.isBlockhashValid('never seen', 'processed')).toBe(false);
  });
});

describe('signature status', () => {
  it('rises with its slot and is forgotten without history search after 150 rooted slots', () => {
    const running = newLedger();
    const driver = new Driver(running);
    driver.open(1, 0);
    driver.transaction(1, 0, 'sig', [addressOf(1)], []);
    const { ledger } = running;
    expect(ledger.signatureStatus('sig', false)).toBeUndefined();
    driver.freeze(1, 0, 1);
    expect(ledger.signatureStatus('sig', false)).toMatchObject({ commitment: 'processed', confirmations: 0 });
    driver.empty(2, 3);
    expect(ledger.signatureStatus('sig', false)).toMatchObject({ commitment: 'confirmed', confirmations: 2 });
    driver.empty(4, 33);
    expect(ledger.signatureStatus('sig', false)).toMatchObject({
      commitment: 'finalized',
      confirmations: null,
    });
    driver.empty(34, 182);
    expect(ledger.slot('finalized')).toBe(150);
    expect(ledger.signatureStatus('sig', false)).toBeDefined();
    driver.empty(183, 183);
    expect(ledger.signatureStatus('sig', false)).toBeUndefined();
    expect(ledger.signatureStatus('sig', true)).toMatchObject({ slot: 1, confirmations: null });
  });
});

describe('history', () => {
  it('reads a packed transaction as it was, but for its account writes', () => {
    const running = newLedger();
    const driver = new Driver(running);
    driver.open(1, 0);
    const keys = [addressOf(1), addressOf(2)];
    const written = driver.transaction(1, 0, 'sig', keys, [{ address: keys[0]!, account: account(5n) }]);
    driver.freeze(1, 0, 1);
    expect(running.ledger.transaction('sig', 'processed')).toEqual(written);
    driver.empty(2, 200);
    const read = running.ledger.transaction('sig', 'finalized');
    expect({ ...read, wire: Uint8Array.from(read!.wire) }).toEqual({ ...written, writes: [] });
    expect(running.ledger.account(keys[0]!, 'finalized')?.account.lamports).toBe(5n);
  });

  it('pages through an address newest first between before and until', () => {
    const running = newLedger();
    const driver = new Driver(running);
    for (let slot = 1; slot <= 5; slot += 1) {
      driver.open(slot, slot - 1);
      driver.transaction(slot, 0, `a${slot}`, [addressOf(1)], []);
      driver.transaction(slot, 1, `b${slot}`, [addressOf(1), addressOf(1)], []);
      driver.freeze(slot, slot - 1, 2);
    }
    driver.status(4, 'confirmed');
    const page = (options: { before?: string; until?: string; limit?: number }) =>
      running.ledger
        .signaturesForAddress(addressOf(1), { limit: 100, commitment: 'confirmed', ...options })
        .map((entry) => entry.signature);
    expect(page({})).toEqual(['b4', 'a4', 'b3', 'a3', 'b2', 'a2', 'b1', 'a1']);
    expect(page({ limit: 2 })).toEqual(['b4', 'a4']);
    expect(page({ before: 'b3', until: 'b1' })).toEqual(['a3', 'b2', 'a2']);
    expect(page({ before: 'unknown' })).toEqual([]);
  });

  it('drops whole old blocks past its bounds, but none that a view may still need', () => {
    const running = newLedger([], { slotsMax: 10, transactionsMax: 5 });
    const driver = new Driver(running);
    for (let slot = 1; slot <= 300; slot += 1) {
      driver.open(slot, slot - 1);
      driver.transaction(slot, 0, `sig-${slot}`, [addressOf(1), addressOf(1_000 + slot)], []);
      driver.freeze(slot, slot - 1, 1);
      driver.status(slot, 'finalized');
    }
    const { ledger, store } = running;
    expect(ledger.firstAvailableBlock()).toBe(150);
    expect(ledger.slotGap(149)).toBe('pruned');
    expect(ledger.slotGap(301)).toBe('future');
    expect(ledger.transaction('sig-149', 'finalized')).toBeUndefined();
    expect(ledger.signatureStatus('sig-149', true)).toBeUndefined();
    expect(ledger.transaction('sig-150', 'finalized')).toBeDefined();
    expect(ledger.transactionCount('finalized')).toBe(300);
    expect(store.bySignature.size).toBe(151);
    expect(store.byAddress.size).toBe(152);
    expect(store.slots.size).toBe(151);
  });

  it('keeps one version of an account that no view can tell apart, and none of one that is gone', () => {
    const running = newLedger();
    const driver = new Driver(running);
    for (let slot = 1; slot <= 400; slot += 1) {
      driver.open(slot, slot - 1);
      driver.writes(slot, [{ address: addressOf(1), account: account(BigInt(slot)) }]);
      if (slot < 3) {
        driver.writes(slot, [{ address: addressOf(2), account: account(slot === 2 ? 0n : 1n) }]);
      }
      driver.freeze(slot, slot - 1);
      driver.status(slot, 'finalized');
    }
    expect(running.store.accounts.addressCount).toBe(1);
    expect(running.store.accounts.read(addressOf(1), 250)?.slot).toBe(250);
    expect(running.store.accounts.read(addressOf(1), 249)).toBeUndefined();
    expect(running.store.accounts.byOwner(addressOf(9), 400)).toEqual([]);
  });
});

describe('a lagging view', () => {
  it('answers everything as it was that many slots ago', () => {
    const running = newLedger([{ address: addressOf(1), account: account(1n) }]);
    const driver = new Driver(running);
    driver.empty(1, 100);
    driver.open(101, 100);
    driver.transaction(101, 0, 'sig', [addressOf(1)], [{ address: addressOf(1), account: account(2n) }]);
    driver.freeze(101, 100, 1);
    const behind = running.ledger.behind!(1);
    expect(running.ledger.account(addressOf(1), 'processed')?.account.lamports).toBe(2n);
    expect(behind.account(addressOf(1), 'processed')?.account.lamports).toBe(1n);
    expect(behind.slot('processed')).toBe(100);
    expect(behind.slot('confirmed')).toBe(97);
    expect(behind.signatureStatus('sig', true)).toBeUndefined();
    driver.empty(102, 102);
    expect(behind.signatureStatus('sig', true)?.confirmations).toBe(0);
    expect(() => running.ledger.behind!(151)).toThrow(RangeError);
  });
});

describe('prioritization fees', () => {
  it('are the least price paid in each confirmed block, raised by what a wanted account cost', () => {
    const running = newLedger();
    const driver = new Driver(running);
    driver.open(1, 0);
    const pay = (index: number, microLamports: number, written: string): void => {
      const wire = new Uint8Array(1 + 64 + 3 + 1 + 64 + 32 + 1 + 3 + 9);
      wire[0] = 1;
      wire.set([1, 0, 1, 2], 65);
      // The second key has to differ from the first.
      wire[65 + 4 + 32] = 1;
      const instructions = 65 + 4 + 64 + 32;
      wire.set([1, 1, 0, 9, 3], instructions);
      new DataView(wire.buffer).setBigUint64(instructions + 5, BigInt(microLamports), true);
      const keys = [written, 'ComputeBudget111111111111111111111111111111'];
      const transaction = {
        ...driver.transaction(1, index, `base-${index}`, keys, []),
        signature: `sig-${index}`,
        index: index + 1,
        wire,
        writes: [{ address: written, account: account(1n), writeVersion: BigInt(100 + index) }],
      };
      // The helper's own transaction sets no price; only the priced ones are to be in the block.
      running.store.slots.get(1)!.transactions.pop();
      driver.apply({ type: 'transaction', transaction });
    };
    pay(0, 500, addressOf(1));
    pay(1, 2_000, addressOf(2));
    driver.freeze(1, 0, 2);
    expect(running.ledger.recentPrioritizationFees([])).toEqual([{ slot: 0, prioritizationFee: 0 }]);
    driver.status(1, 'confirmed');
    expect(running.ledger.recentPrioritizationFees([]).at(-1)).toEqual({ slot: 1, prioritizationFee: 500 });
    expect(running.ledger.recentPrioritizationFees([addressOf(2)]).at(-1)?.prioritizationFee).toBe(2_000);
  });
});

describe('rent', () => {
  it('is what a real cluster asks', () => {
    const { ledger } = newLedger();
    expect(ledger.minimumBalanceForRentExemption(0)).toBe(890_880n);
    expect(ledger.minimumBalanceForRentExemption(165)).toBe(2_039_280n);
  });
});
