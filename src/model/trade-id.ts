import type { Random } from '../time/random.js';
import { asTradeId, type TradeId } from './brands.js';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_DIGITS = 10;
const RANDOM_DIGITS = 16;

/** A new id: `t`, ten digits of time and sixteen of chance in Crockford's base32, so that ids sort by time. */
export function newTradeId(nowMs: number, random: Random): TradeId {
  let time = Math.floor(nowMs);
  let digits = '';
  for (let i = 0; i < TIME_DIGITS; i++) {
    digits = ALPHABET[time % 32]! + digits;
    time = Math.floor(time / 32);
  }
  for (let i = 0; i < RANDOM_DIGITS; i++) digits += ALPHABET[Math.floor(random.next() * 32)]!;
  return asTradeId(`t${digits}`);
}

/** What ids of one millisecond have in common; it grows with the time. */
export function timePartOf(id: TradeId): string {
  return id.slice(0, 1 + TIME_DIGITS);
}
