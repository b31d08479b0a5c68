/** Accounts of a Raydium CPMM pool made for tests, with the layout written out a second time. */
import { base58 } from '@scure/base';
import type { AccountVersion, AccountView } from '../../src/cache/types.js';
import { RAYDIUM_CPMM_PROGRAM } from '../../src/market/raydium-cpmm-program.js';
import type { CpmmState, PoolKeys } from '../../src/market/types.js';
import { type Address, asAddress, asSlot, type Slot, U64_MAX } from '../../src/model/brands.js';
import { TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from '../../src/transaction/program-ids.js';

export const testAddress = (seed: number): Address =>
  asAddress(base58.encode(Uint8Array.from({ length: 32 }, (_, i) => (seed * 31 + i * 7 + 1) & 0xff)));

export function testKeys(seed = 1): PoolKeys {
  return {
    pool: testAddress(seed * 10),
    venue: 'raydium-cpmm',
    programId: RAYDIUM_CPMM_PROGRAM,
    authority: asAddress('GpMZbSM2GgvTKHJirzeGfMFoaZ8UR2X7F4v8vHTvxFbL'),
    ammConfig: testAddress(seed * 10 + 1),
    observation: testAddress(seed * 10 + 2),
    mint0: testAddress(seed * 10 + 3),
    mint1: testAddress(seed * 10 + 4),
    vault0: testAddress(seed * 10 + 5),
    vault1: testAddress(seed * 10 + 6),
    tokenProgram0: TOKEN_PROGRAM,
    tokenProgram1: TOKEN_PROGRAM,
    decimals0: 9,
    decimals1: 6,
  };
}

export const PLAIN_STATE: CpmmState = {
  reserve0: 1_000_000_000_000n,
  reserve1: 150_000_000_000n,
  tradeFeeRate: 2500n,
  protocolFeeRate: 120_000n,
  fundFeeRate: 40_000n,
  creatorFeeRate: 0n,
  creatorFeeOn: 0,
  creatorFeeEnabled: false,
  swapEnabled: true,
  openTime: 0n,
  transferFeeBps0: 0,
  maxTransferFee0: 0n,
  transferFeeBps1: 0,
  maxTransferFee1: 0n,
};

export interface PoolFields {
  readonly protocolFees0?: bigint;
  readonly protocolFees1?: bigint;
  readonly fundFees0?: bigint;
  readonly fundFees1?: bigint;
  readonly creatorFees0?: bigint;
  readonly creatorFees1?: bigint;
  readonly status?: number;
  readonly openTime?: bigint;
}

export function poolStateData(keys: PoolKeys, fields: PoolFields = {}): Uint8Array {
  const data = new Uint8Array(637);
  const view = new DataView(data.buffer);
  data.set([0xf7, 0xed, 0xe3, 0xf5, 0xd7, 0xc3, 0xde, 0x46]);
  const addresses: [number, Address][] = [
    [8, keys.ammConfig],
    [72, keys.vault0],
    [104, keys.vault1],
    [168, keys.mint0],
    [200, keys.mint1],
    [232, keys.tokenProgram0],
    [264, keys.tokenProgram1],
    [296, keys.observation],
  ];
  for (const [at, address] of addresses) data.set(base58.decode(address), at);
  data[329] = fields.status ?? 0;
  data[331] = keys.decimals0;
  data[332] = keys.decimals1;
  view.setBigUint64(341, fields.protocolFees0 ?? 0n, true);
  view.setBigUint64(349, fields.protocolFees1 ?? 0n, true);
  view.setBigUint64(357, fields.fundFees0 ?? 0n, true);
  view.setBigUint64(365, fields.fundFees1 ?? 0n, true);
  view.setBigUint64(373, fields.openTime ?? 0n, true);
  view.setBigUint64(397, fields.creatorFees0 ?? 0n, true);
  view.setBigUint64(405, fields.creatorFees1 ?? 0n, true);
  return data;
}

export function configData(tradeFeeRate = 2500n): Uint8Array {
  const data = new Uint8Array(236);
  data.set([0xda, 0xf4, 0x21, 0x68, 0xcb, 0xcb, 0x2b, 0x6f]);
  const view = new DataView(data.buffer);
  view.setBigUint64(12, tradeFeeRate, true);
  view.setBigUint64(20, 120_000n, true);
  view.setBigUint64(28, 40_000n, true);
  return data;
}

export function vaultData(amount: bigint): Uint8Array {
  const data = new Uint8Array(165);
  new DataView(data.buffer).setBigUint64(64, amount, true);
  return data;
}

/** A Token-2022 mint with a metadata pointer (type 18) before its transfer fee (type 1). */
export function feeMintData(
  older: { epoch: bigint; maximum: bigint; bps: number },
  newer: { epoch: bigint; maximum: bigint; bps: number },
): Uint8Array {
  const data = new Uint8Array(166 + 4 + 64 + 4 + 108);
  const view = new DataView(data.buffer);
  data[165] = 1;
  view.setUint16(166, 18, true);
  view.setUint16(168, 64, true);
  view.setUint16(234, 1, true);
  view.setUint16(236, 108, true);
  [older, newer].forEach((fee, index) => {
    const at = 238 + 72 + index * 18;
    view.setBigUint64(at, fee.epoch, true);
    view.setBigUint64(at + 8, fee.maximum, true);
    view.setUint16(at + 16, fee.bps, true);
  });
  return data;
}

/** A cache's accounts that a test writes by hand. */
export class FakeAccounts implements AccountView {
  readonly held = new Map<Address, AccountVersion>();
  readonly ages = new Map<Address, number>();
  /** Slots in progress. */
  readonly unfinished = new Set<number>();
  #writes = 0n;

  put(
    address: Address,
    owner: Address,
    data: Uint8Array,
    slot: number,
    txnSignature?: string,
  ): AccountVersion {
    this.#writes++;
    const entry: AccountVersion = {
      address,
      owner,
      data,
      slot: asSlot(slot),
      writeVersion: this.#writes,
      lamports: 1n,
      txnSignature,
    };
    this.held.set(address, entry);
    return entry;
  }

  /** As fetched: it stands for the whole of its slot. */
  putFetched(address: Address, owner: Address, data: Uint8Array, slot: number): AccountVersion {
    const entry = { ...this.put(address, owner, data, slot), writeVersion: U64_MAX };
    this.held.set(address, entry);
    return entry;
  }

  get(address: Address): AccountVersion | undefined {
    return this.held.get(address);
  }

  getConfirmed(address: Address): AccountVersion | undefined {
    return this.held.get(address);
  }

  ageSlots(address: Address): number {
    return this.ages.get(address) ?? 0;
  }

  isSlotComplete(slot: Slot): boolean {
    return !this.unfinished.has(slot);
  }
}

/** Puts a whole pool into the accounts, as fetched. */
export function putPool(
  accounts: FakeAccounts,
  keys: PoolKeys,
  reserve0: bigint,
  reserve1: bigint,
  slot = 1,
): void {
  accounts.put(keys.pool, RAYDIUM_CPMM_PROGRAM, poolStateData(keys), slot);
  accounts.put(keys.ammConfig, RAYDIUM_CPMM_PROGRAM, configData(), slot);
  accounts.put(keys.vault0, TOKEN_PROGRAM, vaultData(reserve0), slot);
  accounts.put(keys.vault1, TOKEN_PROGRAM, vaultData(reserve1), slot);
  accounts.put(keys.mint0, TOKEN_PROGRAM, new Uint8Array(82), slot);
  accounts.put(keys.mint1, TOKEN_PROGRAM, new Uint8Array(82), slot);
}

export { TOKEN_2022_PROGRAM, TOKEN_PROGRAM };
