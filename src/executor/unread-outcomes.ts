/** After a start: trades that ended on the chain and whose transaction is to be read once more. */
import type { Signature } from '../model/brands.js';
import { awaitsOutcome, type Trade } from '../model/trade.js';

/**
 * The book of profit and loss is on disk a second after a landing, or somewhat more where the disk is slow. It
 * remembers its newest 4,096 final transactions: what is older than this is in it, remembered or not.
 */
const BOOKED_WITHIN_MS = 3_000;

/** @param isBooked whether the profit and loss has the transaction */
export function unreadOutcomes(
  trades: Iterable<Trade>,
  isBooked: (signature: Signature) => boolean,
): Trade[] {
  const landed = [...trades].filter(isLandedForGood);
  const newestMs = landed.reduce((newest, trade) => Math.max(newest, lastChangeMs(trade)), 0);
  return landed.filter((trade) => {
    const signature = trade.attempts.at(-1)?.signature;
    const isRecent = lastChangeMs(trade) >= newestMs - BOOKED_WITHIN_MS;
    return awaitsOutcome(trade) || (isRecent && signature !== undefined && !isBooked(signature));
  });
}

/** Landings that the book may still take for such as can be undone: a kill came before it was written once more. */
export function landedForGood(trades: Iterable<Trade>): Signature[] {
  return [...trades].filter(isLandedForGood).flatMap(({ attempts }) => attempts.at(-1)?.signature ?? []);
}

function isLandedForGood({ state, outcome }: Trade): boolean {
  return (state === 'finalized' || state === 'failed') && outcome !== undefined;
}

function lastChangeMs({ history, acceptedAtMs }: Trade): number {
  return history.at(-1)?.knownAtMs ?? acceptedAtMs;
}
