/**
 * The swap instructions of Raydium CPMM: accounts in the order of `instructions/swap_base_input.rs`, data as an
 * 8-byte discriminator and two u64.
 */
import type { Address } from '../model/brands.js';
import type { SwapMode } from '../model/trade-intent.js';
import type { PoolKeys, SwapParameters } from './types.js';

/** First 8 bytes of SHA-256 of `global:swap_base_input` and `global:swap_base_output`. */
const SWAP_BASE_INPUT = [0x8f, 0xbe, 0x5a, 0xda, 0xc4, 0x1e, 0x33, 0xde];
const SWAP_BASE_OUTPUT = [0x37, 0xd9, 0x62, 0x56, 0xa3, 0x4a, 0xb4, 0xad];

export const SWAP_DATA_BYTES = 24;

/** Where in the data the amount and the limit stand: exact-out has its limit (most in) first. */
export const SWAP_DATA_OFFSETS: Readonly<
  Record<SwapMode, { readonly amount: number; readonly limit: number }>
> = {
  exactIn: { amount: 8, limit: 16 },
  exactOut: { amount: 16, limit: 8 },
};

export interface SwapAccount {
  readonly address: Address;
  readonly signer: boolean;
  readonly writable: boolean;
}

export interface SwapInstruction {
  readonly programId: Address;
  readonly accounts: readonly SwapAccount[];
  readonly data: Uint8Array;
}

/** Places in the accounts of a swap. */
const WALLET_AT = 0;
const POOL_AT = 3;
const INPUT_MINT_AT = 10;
const SWAP_ACCOUNTS = 13;

/** A swap as it is read back from a transaction. */
export interface SwapRead {
  readonly programId: Address;
  readonly wallet: Address;
  readonly pool: Address;
  readonly inputMint: Address;
  readonly mode: SwapMode;
  readonly amount: bigint;
  readonly limit: bigint;
}

/** @returns undefined for any other instruction; whose program it is, is not looked at */
export function readSwapInstruction(instruction: {
  readonly programId: Address;
  readonly accounts: readonly Address[];
  readonly data: Uint8Array;
}): SwapRead | undefined {
  const { programId, accounts, data } = instruction;
  if (data.length !== SWAP_DATA_BYTES || accounts.length < SWAP_ACCOUNTS) return undefined;
  const is = (discriminator: readonly number[]): boolean =>
    discriminator.every((byte, at) => data[at] === byte);
  const mode = is(SWAP_BASE_INPUT) ? 'exactIn' : is(SWAP_BASE_OUTPUT) ? 'exactOut' : undefined;
  if (mode === undefined) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const offsets = SWAP_DATA_OFFSETS[mode];
  return {
    programId,
    wallet: accounts[WALLET_AT]!,
    pool: accounts[POOL_AT]!,
    inputMint: accounts[INPUT_MINT_AT]!,
    mode,
    amount: view.getBigUint64(offsets.amount, true),
    limit: view.getBigUint64(offsets.limit, true),
  };
}

/** The wallet's token accounts of a swap. */
export interface SwapWallet {
  readonly wallet: Address;
  readonly inputAccount: Address;
  readonly outputAccount: Address;
}

export function swapInstruction(
  keys: PoolKeys,
  wallet: SwapWallet,
  parameters: SwapParameters,
): SwapInstruction {
  const forward = parameters.zeroForOne;
  const data = new Uint8Array(SWAP_DATA_BYTES);
  data.set(parameters.mode === 'exactIn' ? SWAP_BASE_INPUT : SWAP_BASE_OUTPUT);
  const view = new DataView(data.buffer);
  const offsets = SWAP_DATA_OFFSETS[parameters.mode];
  view.setBigUint64(offsets.amount, parameters.amount, true);
  view.setBigUint64(offsets.limit, parameters.limit, true);
  const readonly = (address: Address): SwapAccount => ({ address, signer: false, writable: false });
  const writable = (address: Address): SwapAccount => ({ address, signer: false, writable: true });
  return {
    programId: keys.programId,
    accounts: [
      { address: wallet.wallet, signer: true, writable: false },
      readonly(keys.authority),
      readonly(keys.ammConfig),
      writable(keys.pool),
      writable(wallet.inputAccount),
      writable(wallet.outputAccount),
      writable(forward ? keys.vault0 : keys.vault1),
      writable(forward ? keys.vault1 : keys.vault0),
      readonly(forward ? keys.tokenProgram0 : keys.tokenProgram1),
      readonly(forward ? keys.tokenProgram1 : keys.tokenProgram0),
      readonly(forward ? keys.mint0 : keys.mint1),
      readonly(forward ? keys.mint1 : keys.mint0),
      writable(keys.observation),
    ],
    data,
  };
}
