/** A mainnet snapshot of Raydium's SOL/USDC pool: the program must pay to the unit what the real one pays. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../localnet/programs/paths.js';
import { CpmmHarness, POOL, SWAP_BASE_INPUT, swapData } from './cpmm-harness.js';

const FIXTURE = path.join(packageRoot(), '..', 'shared', 'fixtures', 'raydium-cpmm');
const present = existsSync(FIXTURE);
const TENTH_OF_SOL = 100_000_000n;

test.skipIf(!present)(
  `0.1 SOL buys 6,630,518 USDC units on the mainnet pool${present ? '' : ' (skipped: the snapshots in ../shared/fixtures are not here)'}`,
  () => {
    const harness = new CpmmHarness(0, [FIXTURE]);
    expect(harness.pool.address).toBe('7JuwJuNU88gurFnyWeiyGKbFmExMWcmRZntn9imEzdny');
    const feesBefore = harness.data(harness.pool.address).readBigUInt64LE(POOL.protocolFees);
    const before = harness.tokenAmount(harness.userAccount(1));
    const outcome = harness.swap({
      zeroForOne: true,
      data: swapData(SWAP_BASE_INPUT, TENTH_OF_SOL, 6_630_518n),
    });
    expect(outcome.error).toBeUndefined();
    expect(harness.tokenAmount(harness.userAccount(1)) - before).toBe(6_630_518n);
    // 0.25% of 0.1 SOL is 250,000; 12% of that goes to the protocol.
    expect(harness.data(harness.pool.address).readBigUInt64LE(POOL.protocolFees) - feesBefore).toBe(30_000n);
  },
);

test.skipIf(!present)('one unit more than that is too much to ask: error 6005', () => {
  const harness = new CpmmHarness(0, [FIXTURE]);
  const outcome = harness.swap({
    zeroForOne: true,
    data: swapData(SWAP_BASE_INPUT, TENTH_OF_SOL, 6_630_519n),
  });
  expect(outcome.error).toBe(6005);
});
