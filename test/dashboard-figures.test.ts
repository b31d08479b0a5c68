/**
 * Figures that stand below one another in the page. A column of amounts once dropped the zeros at their ends, so that
 * 0.768 stood under 1,462.1 with the points at three places, and a rate of 8 was wider or narrower with every second.
 */
import { describe, expect, it } from 'vitest';
import { amount, amountInColumn, counted, measured, rate } from '../dashboard/format.js';

describe('an amount', () => {
  it('keeps the zeros at its end', () => {
    expect(amount('768000000', 9)).toBe('0.7680');
    expect(amount('1462100000', 6)).toBe('1,462.10');
    expect(amount('-3500000000', 9, 2)).toBe('−3.50');
    expect(amount('0', 9, 2)).toBe('0.00');
  });

  it('has no more places than its mint', () => {
    expect(amount('7', 0)).toBe('7');
    expect(amount('15', 1)).toBe('1.5');
  });

  it('is told to be there where it is too small to be shown', () => {
    expect(amount('999', 9)).toBe('<0.0001');
    expect(amount('100000', 9)).toBe('0.0001');
    expect(amount('1', 9, 2)).toBe('<0.01');
  });

  it('ends as far from its point as every other in a column', () => {
    const texts = ['768000000', '1462100000000', '34785299374000000000', '117912300000'].map((units) =>
      amountInColumn(units, 9),
    );
    expect(texts).toEqual([
      '0.7680',
      '1,462.10\u2007\u2007',
      '34,785,299,374\u2008\u2007\u2007\u2007\u2007',
      '117.9123',
    ]);
  });
});

it('gives a rate one decimal, whole or not, as long as it is below a hundred', () => {
  expect([0, 8, 7.94, 99.9].map(rate)).toEqual(['0.0', '8.0', '7.9', '99.9']);
  expect([100, 1234.5].map(rate)).toEqual(['100', '1,235']);
});

it('tells what a health check measured with the decimals that say something', () => {
  expect(measured(1, 'ms')).toBe('1.0 ms');
  expect(measured(57.2, 'ms')).toBe('57 ms');
  expect(measured(1, 'percent')).toBe('1.0 %');
  expect(measured(1, 'slots')).toBe('1 slot');
  expect(measured(69_940, 'MiB free')).toBe('69,940 MiB free');
  expect(measured(1, 'of 1')).toBe('1 of 1');
  expect(measured('none', 'slots')).toBe('none');
  expect(counted(0, 'slots')).toBe('0 slots');
});
