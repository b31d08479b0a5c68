/** On-chain errors by name, from RPC's JSON form. */
import { describe, expect, it } from 'vitest';
import { RAYDIUM_CPMM_PROGRAM } from '../src/market/raydium-cpmm-program.js';
import { programErrorName, transactionErrorName } from '../src/transaction/program-errors.js';
import { COMPUTE_BUDGET_PROGRAM, SYSTEM_PROGRAM, TOKEN_PROGRAM } from '../src/transaction/program-ids.js';

const programOf = (index: number) =>
  [COMPUTE_BUDGET_PROGRAM, COMPUTE_BUDGET_PROGRAM, RAYDIUM_CPMM_PROGRAM][index];

describe('transaction errors', () => {
  it('names the venue’s own errors', () => {
    expect(transactionErrorName({ InstructionError: [2, { Custom: 6005 }] }, programOf)).toBe(
      'raydium-cpmm:ExceededSlippage',
    );
    expect(transactionErrorName({ InstructionError: [2, { Custom: 6000 }] }, programOf)).toBe(
      'raydium-cpmm:NotApproved',
    );
    expect(transactionErrorName({ InstructionError: [2, { Custom: 2003 }] }, programOf)).toBe(
      'raydium-cpmm:ConstraintRaw',
    );
    expect(transactionErrorName({ InstructionError: [2, { Custom: 3012 }] }, programOf)).toBe(
      'raydium-cpmm:AccountNotInitialized',
    );
  });

  it('names a called program’s error by the program that the logs say raised it', () => {
    const logs = [
      `Program ${RAYDIUM_CPMM_PROGRAM} invoke [1]`,
      `Program ${TOKEN_PROGRAM} invoke [2]`,
      `Program ${TOKEN_PROGRAM} failed: custom program error: 0x1`,
      `Program ${RAYDIUM_CPMM_PROGRAM} failed: custom program error: 0x1`,
    ];
    expect(transactionErrorName({ InstructionError: [2, { Custom: 1 }] }, programOf, logs)).toBe(
      'spl-token:InsufficientFunds',
    );
  });

  it('names errors without a program, of unknown programs, and with unknown numbers', () => {
    expect(transactionErrorName(null, programOf)).toBeUndefined();
    expect(transactionErrorName('AccountNotFound', programOf)).toBe('AccountNotFound');
    expect(transactionErrorName({ InsufficientFundsForRent: { account_index: 1 } }, programOf)).toBe(
      'InsufficientFundsForRent',
    );
    expect(transactionErrorName({ InstructionError: [2, 'ComputationalBudgetExceeded'] }, programOf)).toBe(
      'raydium-cpmm:ComputationalBudgetExceeded',
    );
    expect(transactionErrorName({ InstructionError: [9, { Custom: 6005 }] }, programOf)).toBe('Custom:6005');
    expect(programErrorName(SYSTEM_PROGRAM, 1)).toBe('system:ResultWithNegativeLamports');
    expect(programErrorName(RAYDIUM_CPMM_PROGRAM, 7777)).toBe('raydium-cpmm:7777');
  });

  it('never throws, whatever comes', () => {
    for (const odd of [
      42,
      [],
      {},
      { InstructionError: 'x' },
      { InstructionError: [] },
      { InstructionError: [0, null] },
    ]) {
      expect(typeof transactionErrorName(odd, programOf)).toBe('string');
    }
  });
});
