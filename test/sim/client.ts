/** Clients: they submit, ask again when they got no answer, repeat themselves, and cancel. */
import { HotslotError } from '../../src/errors/hotslot-error.js';
import type { TradeId } from '../../src/model/brands.js';
import type { TradeIntent } from '../../src/model/trade-intent.js';
import { MINTS } from './market.js';
import type { SeededRandom } from './seeded-random.js';
import type { World } from './world.js';

const RETRY_MS = 300;

interface Order {
  readonly intent: TradeIntent;
  /** From a 202. */
  tradeId: TradeId | undefined;
  refused: string | undefined;
}

export class Clients {
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly orders: Order[] = [];
  readonly refusals = new Map<string, number>();

  constructor(world: World, random: SeededRandom) {
    this.#world = world;
    this.#random = random;
    const { profile, clock } = world;
    for (let number = 0; number < profile.trades; number += 1) {
      const order: Order = { intent: this.#intent(number), tradeId: undefined, refused: undefined };
      this.orders.push(order);
      // In bursts, so that trades stand in line.
      const atSlot = random.pick([0, random.int(0, profile.workloadSlots), random.int(0, 5) * 10]);
      clock.after(atSlot * profile.slotMs + random.between(0, 50), () => this.#submitWhenAwake(order));
    }
  }

  /** Nobody waits for an answer any more. */
  get areDone(): boolean {
    return this.orders.every((order) => order.tradeId !== undefined || order.refused !== undefined);
  }

  get accepted(): number {
    return this.orders.filter((order) => order.tradeId !== undefined).length;
  }

  #intent(number: number): TradeIntent {
    const random = this.#random;
    const isSell = random.chance(0.5);
    const base = MINTS[0]!;
    const other = random.pick(MINTS.slice(1));
    const { slotMs, validityBlocks } = this.#world.profile;
    return {
      clientOrderId: `order-${number}`,
      inputMint: isSell ? other : base,
      outputMint: isSell ? base : other,
      amount: BigInt(random.int(1_000, 1_000_000)),
      mode: random.chance(0.7) ? 'exactIn' : 'exactOut',
      slippageBps: 100,
      ...(random.chance(0.3) ? { wallet: 'wallet1' } : {}),
      priority: random.int(0, 9),
      deadlineMs: random.pick([
        random.int(1, 3 * slotMs),
        (validityBlocks + 20) * slotMs,
        4 * validityBlocks * slotMs + 10_000,
        60_000,
      ]),
      validityBlocks: 150,
      dryRun: random.chance(0.05),
    };
  }

  #submitWhenAwake(order: Order): void {
    this.#world.whenAwake(() => this.#submit(order));
  }

  #submit(order: Order): void {
    const { life, clock, checker, profile } = this.#world;
    if (order.tradeId !== undefined || order.refused !== undefined) return;
    const answer = life?.isReady ? life.submit(order.intent) : undefined;
    if (answer === undefined) {
      clock.after(RETRY_MS, () => this.#submitWhenAwake(order));
      return;
    }
    if (answer instanceof HotslotError) {
      order.refused = answer.code;
      this.refusals.set(answer.code, (this.refusals.get(answer.code) ?? 0) + 1);
      this.#world.log(`refused ${order.intent.clientOrderId} ${answer.code}`);
      return;
    }
    order.tradeId = answer;
    this.#world.log(`accepted ${order.intent.clientOrderId} ${answer}`);
    if (!checker.trades.has(answer)) checker.violated('lost', `${answer} was accepted and is in no journal`);
    if (this.#random.chance(profile.repeatChance)) this.#repeatLater(order);
    if (this.#random.chance(profile.cancelChance)) this.#cancelLater(order);
  }

  /** The same body gives the same trade, another body is refused; also after a restart. */
  #repeatLater(order: Order): void {
    const { clock, profile, checker } = this.#world;
    clock.after(this.#random.int(0, 40) * profile.slotMs, () => {
      const { life } = this.#world;
      if (!life?.isReady) return;
      const again = life.submit({ ...order.intent });
      if (again !== undefined && again !== order.tradeId) {
        checker.violated('idempotency', `${order.tradeId} asked for again gave ${String(again)}`);
      }
      const other = life.submit({ ...order.intent, amount: order.intent.amount + 1n });
      const isRefused = other instanceof HotslotError && other.code === 'CLIENT_ORDER_ID_REUSED';
      if (other !== undefined && !isRefused) {
        checker.violated(
          'idempotency',
          `${order.tradeId}'s order id with another body gave ${String(other)}`,
        );
      }
    });
  }

  #cancelLater(order: Order): void {
    const { clock, profile, checker } = this.#world;
    clock.after(this.#random.int(0, 20) * profile.slotMs, () => {
      const { life } = this.#world;
      if (!life?.isReady || order.tradeId === undefined) return;
      const outcome = life.cancel(order.tradeId);
      this.#world.log(`cancel ${order.tradeId} ${outcome}`);
      if (outcome === 'cancelled' || outcome === 'noResends') checker.cancelAnswered(order.tradeId);
    });
  }
}
