/** Real-time priority on Linux, for what an end-to-end run measures. */
import { execFileSync } from 'node:child_process';

/**
 * Puts a process's main thread, and none of its others, before everything of normal priority (SCHED_FIFO): helper
 * threads of V8 in the same class would take the processors for as long as a collection lasts. Threads and processes
 * that it starts later are of normal priority again.
 * @throws Error without the right to (CAP_SYS_NICE), or without chrt of util-linux
 */
export function runFirst(pid: number): void {
  execFileSync('chrt', ['--reset-on-fork', '--fifo', '--pid', '1', String(pid)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
