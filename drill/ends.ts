/** The states that the contract calls terminal, written down here anew: a drill takes no word from the code it drills. */
export const ENDS: ReadonlySet<string> = new Set([
  'finalized',
  'failed',
  'expired',
  'denied',
  'cancelled',
  'simulated',
]);
