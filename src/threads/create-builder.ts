/** Puts the attempt builder together as SIGNING and WORKERS say. */
import { availableParallelism } from 'node:os';
import type { Clock } from '../time/clock.js';
import { AdaptiveBuilder, type SigningMode } from './adaptive-builder.js';
import { ownClock, publishClock } from './build-clock.js';
import { InlineBuilder } from './inline-builder.js';
import type { KeyRing } from './key-ring.js';
import { PoolBuilder } from './pool-builder.js';
import type { RouteBook } from './route-book.js';
import type { SharedBoard } from './shared-board.js';

export interface BuilderOptions {
  readonly mode: SigningMode;
  readonly board: SharedBoard;
  readonly routes: RouteBook;
  readonly keys: KeyRing;
  readonly clock: Clock;
  /** Default: one less than the processors that there are, at least 1. Unused with `inline`. */
  readonly workers?: number;
  readonly queueDepth?: () => number;
}

export function createAttemptBuilder(options: BuilderOptions): AdaptiveBuilder {
  const { mode, board, routes, keys, clock, queueDepth } = options;
  publishClock(board, clock);
  const inline = new InlineBuilder({ board, routes, keys, clock: ownClock(clock) });
  const workers = options.workers ?? Math.max(1, availableParallelism() - 1);
  const pool = mode === 'inline' ? undefined : new PoolBuilder({ board, routes, keys, workers });
  return new AdaptiveBuilder({
    mode,
    inline,
    pool,
    clock,
    ...(queueDepth === undefined ? {} : { queueDepth }),
  });
}
