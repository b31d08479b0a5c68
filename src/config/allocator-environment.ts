/**
 * Variables for the processes of the executor and of the embedded cluster, which glibc reads before anything of ours
 * runs: package.json, the systemd unit and the Dockerfile set them, and whoever starts one of the two from here. Left to
 * itself glibc gives each of fifteen threads a heap of its own, and raises with every large buffer that is freed the
 * size up to which it keeps what comes free: resident memory then rises for days towards a bound that nobody knows.
 * fuzz/README.md has the figures.
 */
export const ALLOCATOR_ENVIRONMENT = {
  /** Heaps for all threads together. */
  MALLOC_ARENA_MAX: '2',
  /** Free bytes at the end of the heap past which they go back to the system; set, it is fixed. */
  MALLOC_TRIM_THRESHOLD_: '1048576',
} as const;
