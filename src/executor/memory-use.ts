/** The process's memory against what it may have. */
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';

export interface MemoryUse {
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  readonly rssBytes: number;
  /** Of the control group where one limits the process, else of the machine. */
  readonly rssLimitBytes: number;
  /** 0 to 100, one decimal. */
  readonly heapPercent: number;
  readonly rssPercent: number;
}

const rssLimitBytes = limitOf(process.constrainedMemory(), totalmem());

export function memoryUse(): MemoryUse {
  const { used_heap_size: heapUsedBytes, heap_size_limit: heapLimitBytes } = getHeapStatistics();
  const rssBytes = process.memoryUsage.rss();
  return {
    heapUsedBytes,
    heapLimitBytes,
    rssBytes,
    rssLimitBytes,
    heapPercent: percent(heapUsedBytes, heapLimitBytes),
    rssPercent: percent(rssBytes, rssLimitBytes),
  };
}

/** Without a limit the control group's is 0 or more than there is. */
function limitOf(constrainedBytes: number, machineBytes: number): number {
  return constrainedBytes > 0 ? Math.min(constrainedBytes, machineBytes) : machineBytes;
}

function percent(part: number, whole: number): number {
  return Math.round((1_000 * part) / whole) / 10;
}
