/** What the AMM refuses, and with which of Anchor's and the program's own numbers. */
import { beforeEach, describe, expect, test } from 'vitest';
import { TOKEN_2022_PROGRAM } from '../../localnet/genesis/addresses.js';
import {
  CpmmHarness,
  NOW_SECONDS,
  POOL,
  SWAP_BASE_INPUT,
  SWAP_BASE_OUTPUT,
  type SwapAccount,
  type SwapRequest,
  swapData,
} from './cpmm-harness.js';

const AMOUNT = 1_000_000n;
const U64_MAX = 0xffff_ffff_ffff_ffffn;
let harness: CpmmHarness;

beforeEach(() => {
  harness = new CpmmHarness(0);
});

const buy = (rest: Partial<SwapRequest> = {}) =>
  harness.swap({ zeroForOne: true, data: swapData(SWAP_BASE_INPUT, AMOUNT, 0n), ...rest });

describe('the trade', () => {
  test('a good one passes, says its name and logs its event', () => {
    const outcome = buy();
    expect(outcome.error).toBeUndefined();
    expect(outcome.logs).toContain('Program log: Instruction: SwapBaseInput');
    const event = outcome.logs.find((log) => log.startsWith('Program data: '))!;
    const bytes = Buffer.from(event.slice('Program data: '.length), 'base64');
    expect(bytes.length).toBe(170);
    expect(bytes.subarray(0, 8).toString('hex')).toBe('40c6cde8260871e2');
    expect(bytes.readBigUInt64LE(56)).toBe(AMOUNT);
    expect(bytes[88]).toBe(1);
  });

  test('less than the minimum is 6005, and nothing moves', () => {
    const before = harness.tokenAmount(harness.userAccount(0));
    const outcome = buy({ data: swapData(SWAP_BASE_INPUT, AMOUNT, U64_MAX) });
    expect(outcome.error).toBe(6005);
    expect(outcome.logs).toContain(
      'Program log: AnchorError occurred. Error Code: ExceededSlippage. Error Number: 6005. ' +
        'Error Message: Exceeds desired slippage limit.',
    );
    expect(harness.tokenAmount(harness.userAccount(0))).toBe(before);
  });

  test('more than the maximum is 6005', () => {
    const outcome = buy({ data: swapData(SWAP_BASE_OUTPUT, 1n, 1_000_000n) });
    expect(outcome.error).toBe(6005);
    expect(outcome.logs).toContain('Program log: Instruction: SwapBaseOutput');
  });

  test('zero in, zero out, or an input too small to give anything is 2505', () => {
    expect(buy({ data: swapData(SWAP_BASE_INPUT, 0n, 0n) }).error).toBe(2505);
    expect(buy({ data: swapData(SWAP_BASE_OUTPUT, U64_MAX, 0n) }).error).toBe(2505);
    expect(buy({ data: swapData(SWAP_BASE_INPUT, 1n, 0n) }).error).toBe(2505);
  });

  test('all of the pool cannot be bought: the program panics as the real one does', () => {
    const all = harness.tokenAmount(harness.vault(1));
    const outcome = buy({ data: swapData(SWAP_BASE_OUTPUT, U64_MAX, all) });
    expect(outcome.ok).toBe(false);
    expect(outcome.logs.some((log) => log.includes('panicked'))).toBe(true);
  });

  test('more than the user has is the token program’s error', () => {
    const has = harness.tokenAmount(harness.userAccount(0));
    expect(buy({ data: swapData(SWAP_BASE_INPUT, has, 0n) }).error).toBeUndefined();
    expect(buy({ data: swapData(SWAP_BASE_INPUT, 1_000_000n, 0n) }).error).toBe(1);
  });
});

describe('the pool', () => {
  test('disabled swaps are 6000; disabled deposits are no matter', () => {
    harness.edit(harness.pool.address, (data) => data.writeUInt8(4, POOL.status));
    expect(buy().error).toBe(6000);
    harness.edit(harness.pool.address, (data) => data.writeUInt8(3, POOL.status));
    expect(buy().error).toBeUndefined();
  });

  test('before its open time it is 6000, from that second on it trades', () => {
    harness.edit(harness.pool.address, (data) => data.writeBigUInt64LE(NOW_SECONDS + 1n, POOL.openTime));
    expect(buy().error).toBe(6000);
    harness.setTime(NOW_SECONDS + 1n);
    expect(buy().error).toBeUndefined();
  });

  test('owing more than its vault holds is 6012', () => {
    const held = harness.tokenAmount(harness.vault(0));
    harness.edit(harness.pool.address, (data) => data.writeBigUInt64LE(held + 1n, POOL.protocolFees));
    expect(buy().error).toBe(6012);
  });

  test('fees that do not fit 64 bits are 6011, an unknown fee mode is 6013', () => {
    harness.edit(harness.pool.address, (data) => data.writeUInt8(3, POOL.creatorFeeOn));
    expect(buy().error).toBe(6013);
    harness.edit(harness.pool.address, (data) => {
      data.writeBigUInt64LE(U64_MAX, POOL.protocolFees);
      data.writeBigUInt64LE(1n, POOL.fundFees);
    });
    expect(buy().error).toBe(6011);
  });
});

describe('the accounts', () => {
  const refusals: [string, () => Partial<SwapRequest>, number][] = [
    ['another authority', () => ({ replace: { authority: harness.user } }), 2006],
    ['another config', () => ({ replace: { ammConfig: harness.genesis.pools[6]!.ammConfig } }), 2012],
    ['a config that is a pool', () => ({ replace: { ammConfig: harness.pool.address } }), 3002],
    ['a config of another program', () => ({ replace: { ammConfig: harness.vault(0) } }), 3007],
    ['another pool’s vault', () => ({ replace: { inputVault: otherVault() } }), 2003],
    ['the same vault twice', () => ({ replace: twice() }), 6008],
    ['a vault of no token program', () => ({ replace: { inputVault: harness.pool.address } }), 3007],
    [
      'a vault that does not exist',
      () => ({ replace: { inputVault: harness.genesis.validators[0]!.vote } }),
      3012,
    ],
    ['another mint', () => ({ replace: { inputMint: harness.genesis.mints[2]!.address } }), 2012],
    ['a token program that is none', () => ({ replace: { inputProgram: harness.user } }), 3008],
    [
      'another observation account',
      () => ({ replace: { observation: harness.genesis.pools[1]!.observation } }),
      2012,
    ],
    ['a read-only pool', () => ({ readOnly: ['pool'] }), 2000],
    ['a read-only vault', () => ({ readOnly: ['outputVault'] }), 2000],
    ['twelve accounts', () => ({ accountCount: 12 }), 3005],
  ];
  const otherVault = () => harness.genesis.pools[1]!.token0Vault;
  const twice = (): Partial<Record<SwapAccount, string>> => ({
    outputVault: harness.vault(0),
    outputMint: harness.mint(0).address,
  });

  test.each(refusals)('%s', (_, request, error) => {
    expect(buy(request()).error).toBe(error);
  });

  test('the wrong account is named', () => {
    const outcome = buy({ replace: { inputVault: otherVault() } });
    expect(outcome.logs).toContain(
      'Program log: AnchorError caused by account: input_vault. Error Code: ConstraintRaw. ' +
        'Error Number: 2003. Error Message: A raw constraint was violated.',
    );
  });

  test('the other token program is refused by the transfer', () => {
    expect(buy({ replace: { inputProgram: TOKEN_2022_PROGRAM } }).ok).toBe(false);
  });
});

describe('the instruction', () => {
  test('unknown or short data is 101, missing arguments are 102, more bytes are no matter', () => {
    expect(buy({ data: Buffer.alloc(24) }).error).toBe(101);
    expect(buy({ data: Buffer.alloc(7) }).error).toBe(101);
    expect(buy({ data: new Uint8Array(0) }).error).toBe(101);
    expect(buy({ data: swapData(SWAP_BASE_INPUT, AMOUNT, 0n).subarray(0, 23) }).error).toBe(102);
    const longer = Buffer.concat([swapData(SWAP_BASE_INPUT, AMOUNT, 0n), Buffer.alloc(9)]);
    expect(buy({ data: longer }).error).toBeUndefined();
  });
});
