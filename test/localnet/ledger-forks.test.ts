/**
 * A lost fork or a dead slot must leave no trace in any view. The ledger keeps one chain and takes lost slots
 * out of it; the model here keeps every slot for ever and walks from a head down its parents, and both must
 * always agree on every account at every commitment.
 */
import { describe, expect, it } from 'vitest';
import type { Commitment } from '../../localnet/engine/messages.js';
import { account, addressOf, Driver, newLedger, tokenAccount } from './ledger-events.js';

const COMMITMENTS: readonly Commitment[] = ['processed', 'confirmed', 'finalized'];
const ADDRESSES = 12;

interface ModelSlot {
  readonly parent: number;
  readonly writes: Map<string, { lamports: bigint; owner: string; wallet: string | undefined }>;
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** One random history; compares all views after each step. */
function play(seed: number, steps: number): void {
  const random = seeded(seed);
  const running = newLedger();
  const driver = new Driver(running);
  const model = new Map<number, ModelSlot>([[0, { parent: -1, writes: new Map() }]]);
  const heads: Record<Commitment, number> = { processed: 0, confirmed: 0, finalized: 0 };
  const ancestor = (slot: number, distance: number): number => {
    let at = slot;
    for (let left = distance; left > 0 && at > 0; left -= 1) at = model.get(at)!.parent;
    return at;
  };
  const naive = (address: string, slot: number) => {
    for (let at = slot; at >= 0; at = model.get(at)!.parent) {
      const write = model.get(at)!.writes.get(address);
      if (write !== undefined) return write.lamports === 0n ? undefined : write;
    }
    return undefined;
  };

  let slot = 0;
  for (let step = 0; step < steps; step += 1) {
    slot += 1 + Math.floor(random() * 2);
    const back = random() < 0.15 ? 1 + Math.floor(random() * 2) : 0;
    const parent = Math.max(heads.confirmed, ancestor(heads.processed, back));
    const dies = random() < 0.1;
    if (parent !== heads.processed && (dies || random() < 0.7)) {
      const lost: number[] = [];
      for (let at = heads.processed; at !== parent; at = model.get(at)!.parent) lost.push(at);
      driver.apply({ type: 'rollback', slots: lost });
    }
    driver.open(slot, parent);
    const writes: ModelSlot['writes'] = new Map();
    const transactions = Math.floor(random() * 4);
    for (let index = 0; index < transactions; index += 1) {
      const address = addressOf(Math.floor(random() * ADDRESSES));
      const wallet = random() < 0.5 ? addressOf(100 + Math.floor(random() * 3)) : undefined;
      const gone = random() < 0.2;
      const state =
        wallet === undefined
          ? account(gone ? 0n : BigInt(1 + slot), addressOf(200 + (slot % 3)))
          : tokenAccount(addressOf(300), wallet);
      writes.set(address, { lamports: state.lamports, owner: state.owner, wallet });
      driver.transaction(slot, index, `sig-${slot}-${index}`, [address], [{ address, account: state }]);
    }
    if (dies) {
      if (random() < 0.5) driver.apply({ type: 'rollback', slots: [slot] });
      driver.status(slot, 'dead');
      heads.processed = parent;
    } else {
      model.set(slot, { parent, writes });
      driver.freeze(slot, parent, transactions);
      heads.processed = slot;
      heads.confirmed = Math.max(heads.confirmed, ancestor(slot, 2));
      heads.finalized = Math.max(heads.finalized, ancestor(slot, 8));
      driver.status(heads.confirmed, 'confirmed');
      driver.status(heads.finalized, 'finalized');
    }
    const { ledger } = running;
    for (const commitment of COMMITMENTS) {
      const at = ledger.slot(commitment);
      expect(at).toBe(heads[commitment]);
      const byOwner = new Map<string, Set<string>>();
      const byWallet = new Map<string, Set<string>>();
      for (let number = 0; number < ADDRESSES; number += 1) {
        const address = addressOf(number);
        const expected = naive(address, at);
        const actual = ledger.account(address, commitment);
        expect(actual?.account.lamports).toBe(expected?.lamports);
        expect(actual?.account.owner).toBe(expected?.owner);
        if (expected === undefined) continue;
        byOwner.set(expected.owner, (byOwner.get(expected.owner) ?? new Set()).add(address));
        if (expected.wallet === undefined) continue;
        byWallet.set(expected.wallet, (byWallet.get(expected.wallet) ?? new Set()).add(address));
      }
      for (let number = 200; number < 203; number += 1) {
        const found = ledger.accountsByOwner(addressOf(number), commitment).map((entry) => entry.address);
        expect(new Set(found)).toEqual(byOwner.get(addressOf(number)) ?? new Set());
      }
      const tokens = [...byWallet.values()].reduce((sum, addresses) => sum + addresses.size, 0);
      expect(ledger.tokenAccountsByMint(addressOf(300), commitment)).toHaveLength(tokens);
      for (let number = 100; number < 103; number += 1) {
        const found = ledger
          .tokenAccountsByWallet(addressOf(number), commitment)
          .map((entry) => entry.address);
        expect(new Set(found)).toEqual(byWallet.get(addressOf(number)) ?? new Set());
      }
    }
  }
}

describe('ledger views over forks', () => {
  it('agree with a model that walks the ancestry, over 20 random histories', () => {
    for (let seed = 1; seed <= 20; seed += 1) play(seed, 120);
  });

  it('agree over a history that is long enough to settle and prune', () => {
    play(777, 900);
  });
});

describe('a lost fork', () => {
  it('takes its transactions, statuses and blockhash away and keeps its block for replay', () => {
    const running = newLedger();
    const driver = new Driver(running);
    driver.empty(1, 3);
    driver.open(4, 3);
    driver.transaction(4, 0, 'landed', [addressOf(1)], [{ address: addressOf(1), account: account(9n) }]);
    driver.freeze(4, 3, 1);
    const { ledger } = running;
    expect(ledger.signatureStatus('landed', false)).toEqual({
      slot: 4,
      err: null,
      commitment: 'processed',
      confirmations: 0,
    });
    expect(ledger.transactionCount('processed')).toBe(1);

    driver.apply({ type: 'rollback', slots: [4] });
    driver.open(5, 3);
    driver.freeze(5, 3);
    expect(ledger.signatureStatus('landed', true)).toBeUndefined();
    expect(ledger.transaction('landed', 'processed')).toBeUndefined();
    expect(ledger.signaturesForAddress(addressOf(1), { limit: 10, commitment: 'processed' })).toEqual([]);
    expect(ledger.isBlockhashValid('hash-4', 'processed')).toBe(false);
    expect(ledger.transactionCount('processed')).toBe(0);
    expect(ledger.block(4, 'processed')).toBeUndefined();
    expect(ledger.slotGap(4)).toBe('skipped');
    expect(ledger.anyBlock(4)?.transactions.map((entry) => entry.signature)).toEqual(['landed']);
    expect(ledger.blockHeight('processed')).toBe(4);
  });

  it('lets the same bytes land again on the other fork', () => {
    const running = newLedger();
    const driver = new Driver(running);
    driver.empty(1, 3);
    driver.open(4, 3);
    driver.transaction(4, 0, 'twice', [addressOf(1)], []);
    driver.freeze(4, 3, 1);
    driver.apply({ type: 'rollback', slots: [4] });
    driver.open(5, 3);
    driver.transaction(5, 0, 'twice', [addressOf(1)], []);
    expect(running.ledger.signatureStatus('twice', false)).toBeUndefined();
    driver.freeze(5, 3, 1);
    expect(running.ledger.signatureStatus('twice', false)?.slot).toBe(5);
    const found = running.ledger.signaturesForAddress(addressOf(1), { limit: 10, commitment: 'processed' });
    expect(found.map((entry) => entry.slot)).toEqual([5]);
  });
});
