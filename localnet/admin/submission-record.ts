/**
 * Which transactions clients handed in, and when: the cluster's own record, by which it can be shown that no
 * byte came after a stop. Filled by the JSON-RPC server with the time at which a request's bytes arrived.
 */

/** Signatures kept; the oldest first receipts fall out. */
export const SUBMISSIONS_KEPT_MAX = 100_000;

export interface Submission {
  readonly signature: string;
  /** First receipt, epoch milliseconds with a fraction. */
  readonly firstReceivedAtMs: number;
  readonly lastReceivedAtMs: number;
  readonly timesReceived: number;
}

export interface SubmissionRecord {
  /** Notes one receipt. `receivedAtMs`: when the request was read from the socket, epoch milliseconds. */
  note(signature: string, receivedAtMs: number): void;
  /** Oldest first receipt first; those received (at any time) at or after `sinceMs`. */
  list(sinceMs?: number): readonly Submission[];
  /** All receipts since the start, forgotten ones and repeats included. */
  readonly receiptsTotal: number;
}

export function createSubmissionRecord(keptMax: number = SUBMISSIONS_KEPT_MAX): SubmissionRecord {
  // A Map keeps insertion order, so its first key is always the oldest first receipt.
  const bySignature = new Map<string, Submission>();
  let receiptsTotal = 0;
  return {
    note(signature, receivedAtMs) {
      receiptsTotal += 1;
      const seen = bySignature.get(signature);
      if (seen === undefined && bySignature.size >= keptMax) {
        const oldest = bySignature.keys().next();
        if (!oldest.done) bySignature.delete(oldest.value);
      }
      bySignature.set(signature, {
        signature,
        firstReceivedAtMs: seen?.firstReceivedAtMs ?? receivedAtMs,
        lastReceivedAtMs: receivedAtMs,
        timesReceived: (seen?.timesReceived ?? 0) + 1,
      });
    },
    list: (sinceMs = 0) => [...bySignature.values()].filter((entry) => entry.lastReceivedAtMs >= sinceMs),
    get receiptsTotal() {
      return receiptsTotal;
    },
  };
}
