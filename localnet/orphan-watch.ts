/** Notices that the parent process has ended, whatever became of the standard streams. */

const LOOK_EVERY_MS = 1_000;
/** Time in which somebody else may take the cluster over, as a restarted executor does by its ports. */
export const ORPHAN_GRACE_MS = 30_000;

export interface OrphanWatch {
  /** The parent's process id as it was when the process began. */
  readonly firstParentPid: number;
  /** The parent's process id now; another one means that the first has ended. */
  readonly parentPid: () => number;
  readonly nowMs: () => number;
}

/** Calls `onOrphaned` once, `ORPHAN_GRACE_MS` after the parent was first missed. Answers how to stop. */
export function watchParent(watch: OrphanWatch, onOrphaned: () => void): () => void {
  let missedAtMs: number | undefined;
  const timer = setInterval(() => {
    if (watch.parentPid() === watch.firstParentPid) return;
    missedAtMs ??= watch.nowMs();
    if (watch.nowMs() - missedAtMs < ORPHAN_GRACE_MS) return;
    clearInterval(timer);
    onOrphaned();
  }, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
