/** What a command's exit code says; the same for all of them, and told by each one's help. */
export const EXIT = {
  /** Done, and all is well. */
  ok: 0,
  /** Done, and what was found or wanted is not well. */
  bad: 1,
  /** Not done: wrong use, a fault, or no answer. */
  failed: 2,
  /** There is no executor, and the command needs one. */
  noExecutor: 3,
  /** Begun, and waiting for something: run it again. */
  pending: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_HELP =
  '\nExit codes: 0 done and well, 1 done and not well, 2 not done, 3 no executor runs, 4 begun: run it again.';
