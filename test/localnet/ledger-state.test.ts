/**
 * `--state`: whatever moment a process dies at, what it had told as processed is there again after the next
 * start, and what was rolled back is not.
 */
import { cpSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLedger, type RunningLedger } from '../../localnet/ledger/ledger.js';
import { writeMeta } from '../../localnet/state/state-dir.js';
import { loadState, replayState, storeOptions } from '../../localnet/state/state-loader.js';
import { lockStateDir } from '../../localnet/state/state-lock.js';
import { StateWriter } from '../../localnet/state/state-writer.js';
import { account, addressOf, Driver, newLedger } from './ledger-events.js';

const FACTS = { genesisHash: 'genesis', leaderOf: () => 'leader', validators: [], slotsPerEpoch: 432_000 };
const ADDRESSES = 20;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ledger-state-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function persisted(bounds?: { segmentBytes: number; transactionsKept: number }) {
  const running = newLedger([{ address: addressOf(0), account: account(77n) }]);
  writeMeta(dir, { genesisHash: 'genesis', genesis: { seed: 'a' } });
  const writer = new StateWriter(dir, running.store, [], bounds);
  running.feed.subscribe((event) => writer.onEvent(event));
  return { running, driver: new Driver(running), writer };
}

function load(from: string): RunningLedger {
  const state = loadState(from)!;
  const running = createLedger({ ...FACTS, ...storeOptions(state) });
  replayState(state, running);
  return running;
}

function accountsOf({ ledger }: RunningLedger): readonly (bigint | undefined)[] {
  return Array.from(
    { length: ADDRESSES },
    (_, number) => ledger.account(addressOf(number), 'processed')?.account.lamports,
  );
}

/** A slot with a few transactions, a lost or a dead slot before it now and then. */
function addSlot(driver: Driver, step: number): void {
  const slot = step * 4;
  const parent = driver.running.ledger.slot('processed');
  if (step % 7 === 0) {
    driver.open(slot - 2, parent);
    driver.transaction(
      slot - 2,
      0,
      `lost-${step}`,
      [addressOf(1)],
      [{ address: addressOf(1), account: account(999_999n) }],
    );
    if (step % 2 === 0) driver.freeze(slot - 2, parent, 1);
    driver.apply({ type: 'rollback', slots: [slot - 2] });
    if (step % 2 === 1) driver.status(slot - 2, 'dead');
  }
  driver.open(slot, parent);
  for (let index = 0; index < 3; index += 1) {
    const address = addressOf((step * 5 + index * 3) % ADDRESSES);
    const lamports = (step + index) % 6 === 0 ? 0n : BigInt(step * 10 + index);
    driver.transaction(
      slot,
      index,
      `sig-${step}-${index}`,
      [address, addressOf(500)],
      [{ address, account: account(lamports) }],
    );
  }
  driver.freeze(slot, parent, 3);
  if (step > 2) driver.status((step - 2) * 4, 'confirmed');
  if (step > 8) driver.status((step - 8) * 4, 'finalized');
}

describe('a kept ledger', () => {
  it('comes back whole from a copy taken after any slot, as a kill would leave it', () => {
    const { running, driver } = persisted({ segmentBytes: 6_000, transactionsKept: 40 });
    for (let step = 1; step <= 120; step += 1) {
      addSlot(driver, step);
      // A slot in progress is written nowhere.
      driver.open(step * 4 + 1, step * 4);
      driver.transaction(
        step * 4 + 1,
        0,
        `open-${step}`,
        [addressOf(2)],
        [{ address: addressOf(2), account: account(123_456n) }],
      );
      if (step % 5 === 0) {
        const copy = `${dir}-copy`;
        cpSync(dir, copy, { recursive: true });
        const loaded = load(copy);
        rmSync(copy, { recursive: true });
        expect(accountsOf(loaded)).toEqual(accountsOf(running));
        expect(loaded.ledger.slot('processed')).toBe(step * 4);
        expect(loaded.ledger.slot('finalized')).toBe(step * 4);
        expect(loaded.ledger.blockHeight('processed')).toBe(step);
        expect(loaded.ledger.transactionCount('processed')).toBe(step * 3);
        expect(loaded.ledger.latestBlockhash('processed').blockhash).toBe(`hash-${step * 4}`);
        expect(loaded.ledger.signatureStatus(`sig-${step}-1`, false)?.commitment).toBe('finalized');
        expect(loaded.ledger.signatureStatus(`open-${step}`, true)).toBeUndefined();
        expect(loaded.ledger.signatureStatus(`lost-${step}`, true)).toBeUndefined();
        expect(loaded.store.writeVersion).toBeGreaterThan(0n);
      }
      driver.apply({ type: 'rollback', slots: [step * 4 + 1] });
    }
    const segments = readdirSync(dir).filter((name) => name.startsWith('blocks-'));
    expect(segments.length).toBeGreaterThan(1);
    expect(segments).not.toContain('blocks-0000000001.log');
  });

  it('knows the last slot that was told of, where the slots after the head had no block', () => {
    const { driver } = persisted();
    const lastSlot = () => loadState(dir)!.lastSlot;
    driver.open(1, 0);
    driver.freeze(1, 0);
    expect(lastSlot()).toBe(1);
    // Slots 2 to 4 are skipped; 5 is in progress when the process is killed.
    driver.open(5, 1);
    expect(lastSlot()).toBe(5);
    driver.apply({ type: 'rollback', slots: [5] });
    expect(lastSlot()).toBe(5);
    // A fork of two blocks is lost; 9 is in progress.
    driver.open(6, 1);
    driver.freeze(6, 1);
    driver.open(7, 6);
    driver.freeze(7, 6);
    driver.apply({ type: 'rollback', slots: [6, 7] });
    driver.open(9, 1);
    expect(lastSlot()).toBe(9);
    expect(load(dir).ledger.slot('processed')).toBe(1);
  });

  it('loses only the block that was torn at the end of the log', () => {
    const { driver } = persisted();
    for (let step = 1; step <= 10; step += 1) addSlot(driver, step);
    const file = join(dir, 'blocks-0000000001.log');
    const whole = loadState(dir)!.segments[0]!.bytes;
    truncateSync(file, whole - 1);
    expect(load(dir).ledger.slot('processed')).toBe(36);
    expect(load(dir).ledger.signatureStatus('sig-9-0', true)).toBeDefined();
  });

  it('goes on in the same directory, and again', () => {
    const first = persisted();
    for (let step = 1; step <= 20; step += 1) addSlot(first.driver, step);
    first.writer.close();
    const state = loadState(dir)!;
    const second = load(dir);
    const writer = new StateWriter(dir, second.store, state.segments);
    second.feed.subscribe((event) => writer.onEvent(event));
    second.apply({
      type: 'block',
      slot: 90,
      parentSlot: 80,
      blockhash: 'after',
      parentBlockhash: 'hash-80',
      blockHeight: 21,
      blockTime: 1,
      leader: 'leader',
      transactionCount: 0,
      entryCount: 1,
    });
    second.apply({ type: 'slot', slot: 90, parent: 80, status: 'processed', atMs: 1 });
    const third = load(dir);
    expect(third.ledger.slot('processed')).toBe(90);
    expect(third.ledger.blockHeight('processed')).toBe(21);
    expect(third.ledger.signatureStatus('sig-3-0', true)?.slot).toBe(12);
    expect(accountsOf(third)).toEqual(accountsOf(first.running));
    writer.close();
  });

  it('refuses a damaged snapshot instead of guessing', () => {
    const { driver, writer } = persisted();
    for (let step = 1; step <= 5; step += 1) addSlot(driver, step);
    writer.close();
    const file = join(dir, 'accounts.snap');
    writeFileSync(file, Buffer.from('not a snapshot at all'));
    expect(() => loadState(dir)).toThrow(/accounts\.snap is damaged/);
  });

  it('is nobody’s until something was kept', () => {
    expect(loadState(dir)).toBeUndefined();
  });

  it('is one cluster’s at a time', async () => {
    const release = await lockStateDir(dir);
    await expect(lockStateDir(dir)).rejects.toThrow(/in use by another cluster/);
    await release();
    await (await lockStateDir(dir))();
  });
});
