/** Notices that the parent process has ended, whatever became of the standard streams. */

const LOOK_EVERY_MS = 1_000;
/** Time in which somebody else may take the cluster over, as a restarted executor does by its ports. */
export const ORPHAN_GRACE_MS = 30_000;

export interface OrphanWatch {
  /** The parent's process id now; another one than at the start means that the parent has ended. */
  readonly parentPid: () => number;
  readonly nowMs: () => number;
}

/** Calls `onOrphaned` once, `ORPHAN_GRACE_MS` after the parent was first missed. Answers how to stop. */
export function watchParent(watch: OrphanWatch, onOrphaned: () => void): () => void {
  const first = watch.parentPid();
  let missedAtMs: number | undefined;
  const timer = setInterval(() => {
    if (watch.parentPid() === first) return;
    missedAtMs ??= watch.nowMs();
    if (watch.nowMs() - missedAtMs < ORPHAN_GRACE_MS) return;
    clearInterval(timer);
    onOrphaned();
  }, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
