/** Two equal trades on one blockhash were once the same bytes: one landed, and both waited for the same signature. */
import { describe, expect, it } from 'vitest';
import { AttemptNonces, NONCE_RANGE } from '../src/lifecycle/attempt-nonce.js';
import { asAddress } from '../src/model/brands.js';

const WALLET = asAddress('wallet');

describe('the compute units that tell equal attempts apart', () => {
  it('are all different for as many attempts as a blockhash can meet', () => {
    const nonces = new AttemptNonces({ next: () => 0.5 });
    const seen = new Set(Array.from({ length: NONCE_RANGE }, () => nonces.next(WALLET)));
    expect(seen.size).toBe(NONCE_RANGE);
    expect(Math.max(...seen)).toBe(NONCE_RANGE - 1);
  });

  it('begin anywhere, so that a restart does not begin where the last life did', () => {
    expect(new AttemptNonces({ next: () => 0.25 }).next(WALLET)).toBe(NONCE_RANGE / 4);
    expect(new AttemptNonces({ next: () => 0.999999 }).next(WALLET)).toBe(NONCE_RANGE - 1);
  });

  it('are counted for each wallet apart', () => {
    const nonces = new AttemptNonces({ next: () => 0 });
    expect([nonces.next(WALLET), nonces.next(WALLET), nonces.next(asAddress('other'))]).toEqual([0, 1, 0]);
  });
});
