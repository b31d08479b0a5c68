/**
 * Whatever the chain says in whatever order it can say it, whatever clients and operators do meanwhile, and however
 * often the process is killed: moves stay in the table, an attempt follows only a proof, what the journal says is
 * what was told, an end stays an end, and nothing is held once all have ended.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { StateBuilder } from '../src/journal/replayed-state.js';
import type { JournalRecord } from '../src/journal/types.js';
import type { Signature, TradeId } from '../src/model/brands.js';
import type { Trade } from '../src/model/trade.js';
import { canMove, TERMINAL_STATES, TRADE_STATES, type TradeState } from '../src/model/trade-state.js';
import { DeskRig, HEAD, NOTHING_HELD, OTHER_WALLET } from './support/desk-rig.js';
import { attemptRecord, idOf, intentRecord, stateRecord } from './support/journal-records.js';
import { settled } from './support/transactions.js';

type Fate = 'out' | 'processed' | 'confirmed' | 'finalized' | 'dead';

const step = fc.record({
  act: fc.constantFrom(
    ...(['submit', 'submit', 'landed', 'landed', 'landed', 'lost', 'expired', 'expired', 'unknown'] as const),
    ...(['cancel', 'stop', 'release', 'unwritable', 'writable', 'time', 'kill'] as const),
  ),
  pick: fc.nat(999),
  commitment: fc.constantFrom('processed' as const, 'confirmed' as const, 'finalized' as const),
  fails: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** A desk, the truth about its attempts, and what was told. */
class World {
  rig = new DeskRig({ maxAttempts: 3, maxConcurrent: 4 });
  readonly records: JournalRecord[] = [];
  readonly fates = new Map<Signature, Fate>();
  readonly ends = new Map<TradeId, string>();
  /** What could not be written is not in the journal of a process that was killed meanwhile. */
  wasUnwritable = false;

  get trades(): Trade[] {
    return this.rig.desk.recent(1_000);
  }

  async apply(one: Step): Promise<void> {
    const { rig } = this;
    const out = this.trades.filter(({ attempts }) => attempts.length > 0);
    const trade = out[one.pick % Math.max(1, out.length)];
    if (one.act === 'submit' && rig.grade === 'off' && rig.writable) {
      rig.submit({ ...(one.fails ? { wallet: OTHER_WALLET } : {}), deadlineMs: 1 + one.pick * 50 });
    } else if (one.act === 'cancel') {
      const any = this.trades[one.pick % Math.max(1, this.trades.length)];
      if (any !== undefined && rig.writable) rig.desk.cancel(any.id);
    } else if (one.act === 'stop') {
      rig.stop();
      rig.desk.clearQueue();
      rig.clock.advance(1);
    } else if (one.act === 'release') rig.grade = 'off';
    else if (one.act === 'unwritable') rig.writable = false;
    else if (one.act === 'writable') this.#makeWritable();
    else if (one.act === 'time') rig.clock.advance(one.pick);
    else if (one.act === 'kill') this.#kill();
    else if (trade !== undefined) this.#news(trade, one);
    await settled();
  }

  /** What the chain can say of a trade's last attempt, given what it has said. */
  #news(trade: Trade, { act, commitment, fails }: Step): void {
    const { signature } = trade.attempts.at(-1)!;
    const fate = this.fates.get(signature) ?? 'out';
    const order = ['out', 'processed', 'confirmed', 'finalized'];
    if (act === 'landed' && fate !== 'dead' && order.indexOf(commitment) > order.indexOf(fate)) {
      this.fates.set(signature, commitment);
      const error = fails && fate === 'out' ? 'slippage' : undefined;
      this.rig.landed(trade, commitment, { slot: HEAD + 1, error });
    } else if (act === 'lost' && fate === 'processed') {
      this.fates.set(signature, 'out');
      this.rig.forkLost(trade);
    } else if (act === 'expired' && fate === 'out') {
      this.fates.set(signature, 'dead');
      this.rig.expired(trade);
    } else if (act === 'unknown' && fate === 'out') this.rig.unknown(trade);
  }

  #makeWritable(): void {
    this.rig.writable = true;
    this.rig.clock.advance(100);
  }

  #kill(): void {
    const old = this.rig;
    old.writable = false;
    this.records.push(...old.records);
    this.rig = new DeskRig({ maxAttempts: 3, maxConcurrent: 4 });
    Object.assign(this.rig, { grade: old.grade, stopCount: old.stopCount, lastStopAtMs: old.lastStopAtMs });
    this.rig.clock.advance(old.clock.nowMs() - this.rig.clock.nowMs());
    this.rig.skipSignatures(this.fates.size);
    this.rig.desk.resume([...this.replayed().trades.values()]);
  }

  replayed(): StateBuilder {
    const state = new StateBuilder();
    for (const record of [...this.records, ...this.rig.records]) expect(state.add(record)).toBeUndefined();
    return state;
  }

  check(): void {
    const { trades } = this.replayed();
    for (const trade of this.trades) {
      trade.history.slice(1).forEach((change, index) => {
        expect(canMove(trade.history[index]!.state, change.state)).toBe(true);
      });
      for (const { signature } of trade.attempts)
        if (!this.fates.has(signature)) this.fates.set(signature, 'out');
      // L2: all but the last are proven dead, and one that landed is the last.
      for (const { signature } of trade.attempts.slice(0, -1)) expect(this.fates.get(signature)).toBe('dead');
      const end = this.ends.get(trade.id);
      if (end !== undefined) expect(trade.state).toBe(end);
      // That a trade was queued is not written: its intent implies it.
      const replayed = trades.get(trade.id)?.state;
      if (!this.wasUnwritable) expect(replayed === 'accepted' ? 'queued' : replayed).toBe(trade.state);
      // While the disk is full the chain's ends are told and not written: the next life learns them anew.
      if (TERMINAL_STATES.has(trade.state) && this.rig.writable) this.ends.set(trade.id, trade.state);
    }
    expect(this.rig.faults.filter(({ kind }) => kind === 'invariant')).toEqual([]);
  }

  async end(): Promise<void> {
    this.#makeWritable();
    for (let round = 0; round < 10 && this.rig.desk.liveCount > 0; round += 1) {
      this.rig.clock.advance(60_000);
      await settled();
      for (const trade of this.trades) {
        if (TERMINAL_STATES.has(trade.state) || trade.attempts.length === 0) continue;
        const { signature } = trade.attempts.at(-1)!;
        if (this.fates.get(signature) === 'dead') continue;
        this.fates.set(signature, 'finalized');
        this.rig.landed(trade, 'finalized', { slot: HEAD + 1 });
      }
      await settled();
    }
    expect(this.rig.held()).toEqual(NOTHING_HELD);
  }
}

it('the life of trades obeys the table and the laws, whatever happens', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const world = new World();
      for (const one of steps) {
        if (one.act === 'unwritable') world.wasUnwritable = true;
        await world.apply(one);
        world.check();
      }
      await world.end();
      world.check();
    }),
    { numRuns: 300, seed: 7 },
  );
});

interface Drawn {
  readonly trade: number;
  readonly kind: 'intent' | 'attempt' | 'state' | 'cancel';
  readonly number: number;
  readonly state: TradeState;
}

function recordOf({ trade, kind, number, state }: Drawn): JournalRecord {
  if (kind === 'intent') return intentRecord(trade);
  if (kind === 'attempt') return attemptRecord(trade, number);
  return kind === 'state' ? stateRecord(trade, state) : { kind, tradeId: idOf(trade), atMs: 1 };
}

const statesOf = ({ trades }: StateBuilder) =>
  [...trades.values()].map(({ id, state, attempts, history }) => [
    id,
    state,
    attempts.length,
    history.length,
  ]);

it('a journal read twice, or in part, says nothing that the table forbids', () => {
  const record = fc.record({
    trade: fc.nat(2),
    kind: fc.constantFrom('intent' as const, 'attempt' as const, 'state' as const, 'cancel' as const),
    number: fc.integer({ min: 1, max: 3 }),
    state: fc.constantFrom(...TRADE_STATES),
  });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 40 }), (drawn) => {
      const records = drawn.map((one) => recordOf(one));
      const once = new StateBuilder();
      const statesAfter = records.map((one) => {
        once.add(one);
        return statesOf(once);
      });
      for (const trade of once.trades.values()) {
        trade.history.slice(1).forEach((change, index) => {
          expect(canMove(trade.history[index]!.state, change.state)).toBe(true);
        });
        expect(trade.history.at(-1)!.state).toBe(trade.state);
        expect(new Set(trade.attempts.map(({ signature }) => signature)).size).toBe(trade.attempts.length);
      }
      // A record that is there twice, as after a crash amid a compaction, changes nothing.
      const doubled = new StateBuilder();
      records.forEach((one, index) => {
        doubled.add(one);
        doubled.add(one);
        expect(statesOf(doubled)).toEqual(statesAfter[index]);
      });
    }),
    { numRuns: 500, seed: 8 },
  );
});
