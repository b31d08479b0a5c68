/** Token-2022's transfer fee: found among other extensions, chosen by epoch, rounded as the token program does. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  inverseTransferFee,
  NO_TRANSFER_FEE,
  transferFeeAt,
  transferFeeOf,
} from '../src/market/transfer-fee.js';
import { feeMintData, TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from './support/cpmm-accounts.js';

const older = { epoch: 0n, maximum: 500n, bps: 100 };
const newer = { epoch: 10n, maximum: 7n, bps: 250 };

describe('transfer fees', () => {
  it('uses the older fee until the newer one’s epoch', () => {
    const mint = feeMintData(older, newer);
    expect(transferFeeAt(mint, TOKEN_2022_PROGRAM, 9n)).toEqual({ basisPoints: 100, maximum: 500n });
    expect(transferFeeAt(mint, TOKEN_2022_PROGRAM, 10n)).toEqual({ basisPoints: 250, maximum: 7n });
  });

  it('finds none in a classic mint, in a mint without extensions, or in a truncated one', () => {
    const mint = feeMintData(older, newer);
    expect(transferFeeAt(mint, TOKEN_PROGRAM, 1n)).toEqual(NO_TRANSFER_FEE);
    expect(transferFeeAt(new Uint8Array(82), TOKEN_2022_PROGRAM, 1n)).toEqual(NO_TRANSFER_FEE);
    expect(transferFeeAt(mint.subarray(0, mint.length - 1), TOKEN_2022_PROGRAM, 1n)).toEqual(NO_TRANSFER_FEE);
  });

  it('rounds up and stops at the maximum', () => {
    expect(transferFeeOf(1n, 1, 1000n)).toBe(1n);
    expect(transferFeeOf(10_000n, 100, 1000n)).toBe(100n);
    expect(transferFeeOf(10_001n, 100, 1000n)).toBe(101n);
    expect(transferFeeOf(1_000_000n, 100, 1000n)).toBe(1000n);
    expect(transferFeeOf(0n, 100, 1000n)).toBe(0n);
  });

  it('inverts: what is sent with the added fee arrives whole', () => {
    fc.assert(
      fc.property(
        fc.bigInt(1n, 2n ** 50n),
        fc.integer({ min: 0, max: 9999 }),
        fc.bigInt(0n, 2n ** 30n),
        (received, bps, maximum) => {
          const fee = inverseTransferFee(received, bps, maximum);
          if (fee === undefined) return;
          expect(received + fee - transferFeeOf(received + fee, bps, maximum)).toBe(received);
        },
      ),
      { numRuns: 3000, seed: 7 },
    );
  });

  it('takes the maximum at 100%', () => {
    expect(inverseTransferFee(5n, 10_000, 42n)).toBe(42n);
  });
});
