/** How a successor gets the data directory from the executor that holds it. */
import { HotslotError } from './errors/hotslot-error.js';
import { type HeldDataDir, holdDataDir, readRunInfo } from './journal/data-dir.js';
import type { Log } from './logging/log.js';
import { signalProcess } from './process-watch.js';

const POLL_MS = 10;
/** The holder's own bound for what is live, and its closing, lie well under it. */
const KILL_AFTER_MS = 20_000;
const GIVE_UP_AFTER_MS = 25_000;

/**
 * Asks the holder to end and takes the directory the moment it is free. A holder that does not end is killed: what
 * it had live is in the journal.
 * @throws HotslotError DATA_DIR_HELD when even that does not free it
 */
export async function takeOverDataDir(directory: string, log: Log): Promise<HeldDataDir> {
  const startedMs = performance.now();
  let asked: number | undefined;
  let isKilled = false;
  for (;;) {
    try {
      return await holdDataDir(directory);
    } catch (error) {
      const waitedMs = performance.now() - startedMs;
      const isHeld = error instanceof HotslotError && error.code === 'DATA_DIR_HELD';
      if (!isHeld || waitedMs > GIVE_UP_AFTER_MS) throw error;
      // It may not have announced itself yet.
      const pid = readRunInfo(directory)?.pid;
      if (pid !== undefined && pid !== asked) {
        asked = pid;
        signalProcess(pid, 'SIGTERM');
      }
      if (asked !== undefined && waitedMs > KILL_AFTER_MS && !isKilled) {
        isKilled = true;
        log.warn('the executor before this one does not end; killing it', { pid: asked });
        signalProcess(asked, 'SIGKILL');
      }
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
