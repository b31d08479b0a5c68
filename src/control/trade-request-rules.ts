/** What a trade request's fields must look like, for the schema and for the reader that goes before it. */

export const CLIENT_ORDER_ID_PATTERN = /^[A-Za-z0-9._:-]{1,64}$/;
/** A whole number in decimal, without sign or leading zeros, of at most 64 bits' digits. */
export const BASE_UNITS_PATTERN = /^(0|[1-9]\d{0,19})$/;
export const MAX_WALLET_LENGTH = 64;
export const MAX_DEADLINE_MS = 3_600_000;
/** Blocks for which a blockhash is valid, less the one of its own. */
export const MAX_VALIDITY_BLOCKS = 150;
export const DEFAULT_PRIORITY = 4;

/** What stands in for fields that an intent leaves out. */
export interface IntentDefaults {
  readonly slippageBps: number;
  readonly deadlineMs: number;
  readonly validityBlocks: number;
}
