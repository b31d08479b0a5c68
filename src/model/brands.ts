/** Branded primitives: what must not be mixed has a type of its own. Branding costs nothing at run time. */
declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** Base58 of 32 bytes. */
export type Address = Branded<string, 'Address'>;
/** Base58 of 64 bytes: a transaction's first signature. */
export type Signature = Branded<string, 'Signature'>;
/** Base58 of 32 bytes. */
export type Blockhash = Branded<string, 'Blockhash'>;
/** A slot's number; slots may be skipped, so it is not a block height. */
export type Slot = Branded<number, 'Slot'>;
/** Blocks since genesis along one fork. */
export type BlockHeight = Branded<number, 'BlockHeight'>;
/** An executor's own id of a trade, `t` and 26 characters of Crockford base32 that sort by time. */
export type TradeId = Branded<string, 'TradeId'>;

export type Commitment = 'processed' | 'confirmed' | 'finalized';

const commitmentRank = { processed: 0, confirmed: 1, finalized: 2 } as const;

/** Whether `have` is at least `want`. Commitments are compared with this and never with equality. */
export function isAtLeast(have: Commitment, want: Commitment): boolean {
  return commitmentRank[have] >= commitmentRank[want];
}

/** What an address looks like in base58; that it is 32 bytes is not said by it. */
export const ADDRESS_PATTERN = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/;

export const asAddress = (text: string): Address => text as Address;
export const asSignature = (text: string): Signature => text as Signature;
export const asBlockhash = (text: string): Blockhash => text as Blockhash;
export const asSlot = (value: number): Slot => value as Slot;
export const asBlockHeight = (value: number): BlockHeight => value as BlockHeight;
export const asTradeId = (text: string): TradeId => text as TradeId;

/** Largest unsigned 64-bit integer. */
export const U64_MAX = 0xffff_ffff_ffff_ffffn;
