/**
 * Writes a pool over and over, every number the same, until it is ended: a torn read shows two numbers. Between
 * two writes it rests about as long as one takes, so that readers get their turn.
 */
import { workerData } from 'node:worker_threads';
import { CpmmNumbers } from '../../src/market/cpmm-numbers.js';
import { SharedBoard } from '../../src/threads/shared-board.js';
import { PLAIN_STATE } from './cpmm-accounts.js';

const board = new SharedBoard((workerData as { buffer: SharedArrayBuffer }).buffer);
for (let n = 1; ; n = (n % 1_000_000) + 1) {
  const value = BigInt(n) * 0x1_0000_0001n;
  const state = {
    ...PLAIN_STATE,
    reserve0: value,
    reserve1: value,
    tradeFeeRate: value,
    openTime: value,
    maxTransferFee1: value,
    transferFeeBps1: n,
  };
  board.setPool(0, n, n, CpmmNumbers.of(state));
  for (let rest = 0; rest < 200; rest++) board.headSlot();
}
