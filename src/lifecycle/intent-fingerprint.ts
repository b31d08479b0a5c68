import type { TradeIntent } from '../model/trade-intent.js';

const FIELDS = [
  'inputMint',
  'outputMint',
  'amount',
  'mode',
  'slippageBps',
  'minOut',
  'maxIn',
  'wallet',
  'pool',
  'priority',
  'deadlineMs',
  'validityBlocks',
  'dryRun',
] as const satisfies readonly (keyof TradeIntent)[];

/** Whether two intents with one `clientOrderId` ask for the same trade. */
export function sameIntent(a: TradeIntent, b: TradeIntent): boolean {
  return FIELDS.every((field) => a[field] === b[field]);
}
