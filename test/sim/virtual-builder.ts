/** Builds attempts like production's builder, but for the cryptography: the bytes say what they are. */
import type { HotCache } from '../../src/cache/hot-cache.js';
import { HotslotError } from '../../src/errors/hotslot-error.js';
import type { TradeDesk } from '../../src/lifecycle/trade-desk.js';
import { asBlockHeight, asSignature } from '../../src/model/brands.js';
import type { AttemptBuilder, BuildFailure, BuildRequest, BuiltAttempt } from '../../src/threads/types.js';
import { type LifeContext, later } from './life-context.js';
import type { Wire } from './virtual-cluster.js';

const MAX_STREAM_AGE_MS = 4_000;
const SLOW_BUILD_MS = 1_500;

export class VirtualBuilder implements AttemptBuilder {
  readonly #context: LifeContext;
  readonly #cache: HotCache;
  readonly #desk: () => TradeDesk;

  constructor(context: LifeContext, cache: HotCache, desk: () => TradeDesk) {
    this.#context = context;
    this.#cache = cache;
    this.#desk = desk;
  }

  build(request: BuildRequest): Promise<BuiltAttempt | BuildFailure> {
    const { random, world } = this.#context;
    this.#assertExclusive(request);
    const isSlow = random.chance(world.profile.slowBuildChance);
    const delayMs = isSlow ? random.between(1, SLOW_BUILD_MS) : random.between(0.05, 3);
    return later(this.#context, delayMs, () => this.#make(request));
  }

  #make(request: BuildRequest): BuiltAttempt | BuildFailure {
    const { world, random } = this.#context;
    const { profile, cluster } = world;
    if (!world.isHealed && random.chance(profile.buildFailureChance)) return refuse('WORKER_FAILED');
    if (this.#cache.streamAgeMs() > MAX_STREAM_AGE_MS) return refuse('STREAM_STALE');
    const newest = this.#cache.blockhashes.newest();
    const head = this.#cache.slots.head();
    if (newest === undefined || head - newest.slot > request.maxBlockhashAgeSlots)
      return refuse('BLOCKHASH_STALE');
    const lastValid = newest.blockHeight + profile.validityBlocks;
    const signature = `${request.tradeId}/${newest.blockhash}`;
    const fails = random.chance(profile.failChance);
    const wire: Wire = { signature, tradeId: request.tradeId, lastValid, fails };
    const bytes = Buffer.from(JSON.stringify(wire));
    cluster.register(bytes);
    return {
      ok: true,
      wire: bytes,
      signature: request.zeroSignature ? undefined : asSignature(signature),
      blockhash: newest.blockhash,
      lastValidBlockHeight: asBlockHeight(lastValid),
      signedSlot: head,
      poolSlot: head,
      quotedIn: request.amount,
      quotedOut: request.limit,
      limit: request.limit,
      computeUnitPriceMicroLamports: request.computeUnitPriceMicroLamports,
      quoteUs: 1,
      buildUs: 1,
      signUs: 1,
      lane: 'inline',
    };
  }

  /** Two of one wallet's transactions are not made side by side: the first must be seen processed, or be over. */
  #assertExclusive(request: BuildRequest): void {
    const { world, isAlive } = this.#context;
    const { profile, checker, cluster } = world;
    if (!isAlive() || profile.lockRelease === 'sent' || request.zeroSignature) return;
    const desk = this.#desk();
    for (const { tradeId, signature, state, lastValidBlockHeight } of desk.liveAttempts()) {
      if (tradeId === request.tradeId || (state !== 'signed' && state !== 'sent')) continue;
      // One that is proven dead holds nothing, even while its end waits for the disk.
      if (cluster.isDead(signature, lastValidBlockHeight, 'confirmed')) continue;
      if (desk.get(tradeId)?.wallet !== request.wallet) continue;
      checker.violated('locks', `${request.tradeId} is built while ${signature} (${state}) holds its wallet`);
    }
  }
}

function refuse(code: 'WORKER_FAILED' | 'STREAM_STALE' | 'BLOCKHASH_STALE'): BuildFailure {
  return { ok: false, error: new HotslotError(code).toPlain() };
}
