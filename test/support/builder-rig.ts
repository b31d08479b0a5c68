/** A board with pools and hashes, routes and a key: everything that an attempt needs. */
import { Keypair } from '@solana/web3.js';
import { SigningKey } from '../../src/keys/signing-key.js';
import { CpmmNumbers } from '../../src/market/cpmm-numbers.js';
import type { CpmmState, PoolKeys } from '../../src/market/types.js';
import { type Address, asBlockhash } from '../../src/model/brands.js';
import { KeyRing } from '../../src/threads/key-ring.js';
import { RouteBook } from '../../src/threads/route-book.js';
import { SharedBoard } from '../../src/threads/shared-board.js';
import type { BuildRequest } from '../../src/threads/types.js';
import { PLAIN_STATE, testAddress, testKeys } from './cpmm-accounts.js';

export interface Rig {
  readonly board: SharedBoard;
  readonly routes: RouteBook;
  readonly keys: KeyRing;
  readonly keypair: Keypair;
  readonly pool: PoolKeys;
  readonly missingAccounts: Set<Address>;
  request(change?: Partial<BuildRequest>): BuildRequest;
}

export const RIG_HEAD = 1000;

export function hashAt(height: number): ReturnType<typeof asBlockhash> {
  return asBlockhash(testAddress(5000 + height));
}

/** Head slot 1000, confirmed height 500 with a hash of every height from 400 on, in slots 500 up. */
export function builderRig(state: CpmmState = PLAIN_STATE): Rig {
  const board = SharedBoard.create(4);
  const pool = testKeys(2);
  board.setHeadSlot(RIG_HEAD);
  for (let height = 400; height <= 500; height++) {
    board.pushBlockhash({
      blockhash: hashAt(height),
      slot: height + 498,
      blockHeight: height,
      lastValidBlockHeight: height + 150,
    });
  }
  board.setConfirmed(998, 500);
  board.setPool(1, 999, 1, CpmmNumbers.of(state));
  board.setPoolAge(1, 0);
  const keypair = Keypair.fromSeed(new Uint8Array(32).fill(42));
  const keys = new KeyRing();
  const key = SigningKey.fromSecretKey('trading-key-1', keypair.secretKey);
  keys.add(key);
  const missingAccounts = new Set<Address>();
  const routes = new RouteBook({
    keysOf: (address) => (address === pool.pool ? pool : undefined),
    indexOf: () => 1,
    accountExists: (account) => !missingAccounts.has(account),
  });
  const request = (change: Partial<BuildRequest> = {}): BuildRequest => ({
    tradeId: 't1',
    wallet: key.address,
    pool: pool.pool,
    zeroForOne: true,
    mode: 'exactIn',
    amount: 1_000_000_000n,
    limit: 1n,
    slippageBps: 100,
    computeUnitLimit: 60_000,
    computeUnitPriceMicroLamports: 1234n,
    priceRaisePercent: 0,
    maxComputeUnitPriceMicroLamports: 2n ** 64n - 1n,
    validityBlocks: 150,
    maxBlockhashAgeSlots: 10,
    maxPoolAgeSlots: 3,
    pending: [],
    zeroSignature: false,
    ...change,
  });
  return { board, routes, keys, keypair, pool, missingAccounts, request };
}
