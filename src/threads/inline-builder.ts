/** Builds attempts in place, on the thread that asks. */
import { HotslotError } from '../errors/hotslot-error.js';
import { asBlockHeight, asSlot } from '../model/brands.js';
import { encodeSignature } from '../transaction/base58.js';
import { SIGNATURE_OFFSET } from '../transaction/prepared-message.js';
import { type AttemptParts, buildAttempt } from './build-attempt.js';
import type { BuildClock } from './build-clock.js';
import type { KeyRing } from './key-ring.js';
import type { RouteBook } from './route-book.js';
import type { SharedBoard } from './shared-board.js';
import type { AttemptBuilder, BuildFailure, BuildOutcome, BuildRequest, BuiltAttempt } from './types.js';

export interface InlineBuilderOptions {
  readonly board: SharedBoard;
  readonly routes: RouteBook;
  readonly keys: KeyRing;
  readonly clock: BuildClock;
}

export class InlineBuilder implements AttemptBuilder {
  readonly #options: InlineBuilderOptions;

  constructor(options: InlineBuilderOptions) {
    this.#options = options;
  }

  build(request: BuildRequest): BuildOutcome {
    const { board, routes, keys, clock } = this.#options;
    try {
      const route = routes.resolve(request);
      return toBuilt(
        board,
        buildAttempt(board, route, keys.get(route.wallet), request, clock),
        request.zeroSignature,
      );
    } catch (error) {
      return toFailure(error);
    }
  }

  /** Makes the secrets unreadable until the next signature. */
  seal(): void {
    this.#options.keys.seal();
  }
}

/** Coded errors are answers; anything else is a programmer's error and passes on. */
export function toFailure(error: unknown): BuildFailure {
  if (error instanceof HotslotError) return { ok: false, error: error.toPlain() };
  throw error;
}

function toBuilt(board: SharedBoard, parts: AttemptParts, zeroSignature: boolean): BuiltAttempt {
  return {
    ok: true,
    wire: parts.wire,
    signature: zeroSignature ? undefined : encodeSignature(parts.wire, SIGNATURE_OFFSET),
    blockhash: board.blockhashText(parts.blockhashSlot, parts.blockhash),
    lastValidBlockHeight: asBlockHeight(parts.lastValidBlockHeight),
    signedSlot: asSlot(parts.signedSlot),
    poolSlot: asSlot(parts.poolSlot),
    quotedIn: parts.quotedIn,
    quotedOut: parts.quotedOut,
    limit: parts.limit,
    computeUnitPriceMicroLamports: parts.computeUnitPriceMicroLamports,
    quoteUs: parts.quoteUs,
    buildUs: parts.buildUs,
    signUs: parts.signUs,
    lane: 'inline',
  };
}
