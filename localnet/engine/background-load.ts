/**
 * Congestion: transactions of others that fill blocks and pay for it. They are real ones, signed and executed; all
 * they do is to use compute units. How many, how large and how well paid they are in a slot follows from the seed and
 * the slot.
 */
import { base58 } from '@scure/base';
import sodium from 'sodium-native';
import { deriveAddress, deriveWallet } from '../genesis/keys.js';
import type { GenesisPool } from '../genesis/types.js';
import { busyLoopProgram, UNITS_PER_CALL, UNITS_PER_STEP } from '../programs/busy-loop.js';
import type { AccountStore } from './account-store.js';
import type { AccountState, SlotConditions } from './messages.js';
import { createPrng, type Prng } from './prng.js';
import { BPF_LOADER, COMPUTE_BUDGET_PROGRAM, SYSTEM_PROGRAM } from './well-known.js';

/** The most that can be offered, in blocks a slot. */
export const MAX_LOAD_RATE = 5;
/** Fee payers. Each is written by all that it pays for, and no account may fill a block alone. */
const PAYERS = 24;
const PAYER_LAMPORTS = 1_000_000_000_000_000n;
const PROGRAM_LAMPORTS = 1_000_000_000n;
const RENT_EXEMPT_EPOCH = 2n ** 64n - 1n;
/** Compute units that one of them uses; the small ones fill what the large ones leave of a block. */
const LEAST_UNITS = 30_000;
const MOST_UNITS = 1_200_000;
/** They ask for more than they use, up to half as much again, as clients do. */
const MOST_EXCESS = 0.5;
/** What a transaction takes beside its instructions: three compute budget and program calls. */
const OVERHEAD_UNITS = 300 + UNITS_PER_CALL;
/** Prices go from the middle one divided by this to the middle one times this. */
const PRICE_SPREAD = 4;
/** Makes a slot's share end, however small its transactions would be. */
const MAX_TRANSACTIONS_PER_SLOT = 2_000;
const MAX_UNIT_LIMIT = 1_400_000;
const SIGNATURE_BYTES = 64;
const SET_COMPUTE_UNIT_LIMIT = 2;
const SET_COMPUTE_UNIT_PRICE = 3;

export interface LoadTransaction {
  readonly wire: Uint8Array;
  /** When in the slot it reaches the leader, 0 to 1. */
  readonly at: number;
}

type LoadConditions = Pick<
  SlotConditions,
  'blockCostLimit' | 'loadRate' | 'loadPriceMicroLamports' | 'loadPoolRate'
>;

export class BackgroundLoad {
  private readonly program: string;
  private readonly payers: readonly { readonly address: string; readonly secretKey: Uint8Array }[];
  private sent = 0;

  constructor(
    private readonly seed: string,
    private readonly pools: readonly GenesisPool[],
  ) {
    this.program = deriveAddress(seed, 'load-program');
    this.payers = Array.from({ length: PAYERS }, (_, index) => deriveWallet(seed, `load-payer-${index}`));
  }

  /** The program and the payers' money, as far as they are not there. */
  missingAccounts(store: AccountStore): Map<string, AccountState> {
    const missing = new Map<string, AccountState>();
    if (store.get(this.program) === null) {
      const data = new Uint8Array(busyLoopProgram());
      missing.set(this.program, account({ lamports: PROGRAM_LAMPORTS, owner: BPF_LOADER, data }));
    }
    for (const { address } of this.payers) {
      if ((store.get(address)?.lamports ?? 0n) > PAYER_LAMPORTS / 2n) continue;
      missing.set(address, account({ lamports: PAYER_LAMPORTS, owner: SYSTEM_PROGRAM }));
    }
    return missing;
  }

  /** One slot's share, in the order of their making. */
  transactions(slot: number, conditions: LoadConditions, blockhash: string): LoadTransaction[] {
    const random = createPrng(this.seed, 'load', slot);
    const share: LoadTransaction[] = [];
    let owed = conditions.loadRate * conditions.blockCostLimit;
    while (owed > 0 && share.length < MAX_TRANSACTIONS_PER_SLOT) {
      const units = Math.floor(LEAST_UNITS * (MOST_UNITS / LEAST_UNITS) ** random());
      const wire = this.transaction(units, conditions, blockhash, random);
      share.push({ wire, at: random() });
      owed -= units;
    }
    return share;
  }

  private transaction(units: number, conditions: LoadConditions, blockhash: string, random: Prng): Buffer {
    const payer = this.payers[Math.floor(random() * PAYERS)]!;
    const asked = Math.min(MAX_UNIT_LIMIT, Math.floor(units * (1 + random() * MOST_EXCESS)) + OVERHEAD_UNITS);
    const price = conditions.loadPriceMicroLamports * PRICE_SPREAD ** (2 * random() - 1);
    const locked = this.lockedAccounts(conditions.loadPoolRate, random);
    const keys = [payer.address, ...locked, COMPUTE_BUDGET_PROGRAM, this.program];
    const [budget, program] = [keys.length - 2, keys.length - 1];
    const limitData = Buffer.alloc(5);
    limitData[0] = SET_COMPUTE_UNIT_LIMIT;
    limitData.writeUInt32LE(asked, 1);
    const priceData = Buffer.alloc(9);
    priceData[0] = SET_COMPUTE_UNIT_PRICE;
    priceData.writeBigUInt64LE(BigInt(Math.floor(price)), 1);
    const loopData = Buffer.alloc(16);
    loopData.writeBigUInt64LE(BigInt(Math.floor((units - OVERHEAD_UNITS) / UNITS_PER_STEP)), 0);
    // Two that are alike in all else differ in this.
    loopData.writeBigUInt64LE(BigInt(this.sent), 8);
    this.sent += 1;
    const message = Buffer.concat([
      // One signature; of the keys, the two programs are read only.
      Buffer.from([1, 0, 2, keys.length]),
      ...keys.map((key) => base58.decode(key)),
      base58.decode(blockhash),
      Buffer.from([3]),
      instruction(budget, limitData),
      instruction(budget, priceData),
      instruction(program, loopData),
    ]);
    const wire = Buffer.alloc(1 + SIGNATURE_BYTES + message.length);
    wire[0] = 1;
    message.copy(wire, 1 + SIGNATURE_BYTES);
    const signature = wire.subarray(1, 1 + SIGNATURE_BYTES);
    sodium.crypto_sign_detached(signature, message, Buffer.from(payer.secretKey));
    return wire;
  }

  /** What a swap in a pool would write, or nothing. The square of a draw makes the first pools the busiest. */
  private lockedAccounts(poolRate: number, random: Prng): string[] {
    const [locks, which] = [random() < poolRate, random()];
    const pool = this.pools[Math.floor(which * which * this.pools.length)];
    if (!locks || pool === undefined) return [];
    return [pool.address, pool.token0Vault, pool.token1Vault, pool.observation];
  }
}

function account({
  lamports,
  owner,
  data = new Uint8Array(0),
}: {
  lamports: bigint;
  owner: string;
  data?: Uint8Array;
}): AccountState {
  return { lamports, owner, executable: data.length > 0, rentEpoch: RENT_EXEMPT_EPOCH, data };
}

/** Both lengths are under 128, where a compact length is one byte. */
function instruction(program: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([program, 0, data.length]), data]);
}
