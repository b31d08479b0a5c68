/** Notices that the parent process has ended and nobody else keeps the cluster. */

const LOOK_EVERY_MS = 1_000;
/** Time in which somebody else may take the cluster over, as a restarted executor does. */
export const ORPHAN_GRACE_MS = 30_000;

export interface OrphanWatch {
  /** The parent's process id as it was when the process began. */
  readonly firstParentPid: number;
  /** The parent's process id now; another one means that the first has ended. */
  readonly parentPid: () => number;
  /** How many others keep the cluster. */
  readonly keepers: () => number;
  readonly nowMs: () => number;
}

/**
 * Calls `onOrphaned` once, when parent and keepers have been missed for `ORPHAN_GRACE_MS` without a break.
 * Answers how to stop.
 */
export function watchParent(watch: OrphanWatch, onOrphaned: () => void): () => void {
  let missedAtMs: number | undefined;
  const timer = setInterval(() => {
    if (watch.parentPid() === watch.firstParentPid || watch.keepers() > 0) {
      missedAtMs = undefined;
      return;
    }
    missedAtMs ??= watch.nowMs();
    if (watch.nowMs() - missedAtMs < ORPHAN_GRACE_MS) return;
    clearInterval(timer);
    onOrphaned();
  }, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
