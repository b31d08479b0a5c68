/**
 * A signed swap as bytes, made once for each trader, pool and direction; every further swap patches the amount,
 * the price and the blockhash in place and signs again. The background market has no other message.
 */
import { createHash } from 'node:crypto';
import { base58 } from '@scure/base';
import sodium from 'sodium-native';
import { COMPUTE_BUDGET_PROGRAM } from '../engine/well-known.js';
import { CPMM_PROGRAM } from '../genesis/addresses.js';
import { vaultAuthority } from '../genesis/cpmm-layouts.js';
import type { GenesisPool } from '../genesis/types.js';

const SIGNATURE_BYTES = 64;
const KEY_BYTES = 32;
/** Where the message begins: after the count of signatures and the one signature. */
const MESSAGE_OFFSET = 1 + SIGNATURE_BYTES;
/** Anchor's name for an instruction is the first eight bytes of this hash. */
const SWAP_BASE_INPUT = createHash('sha256').update('global:swap_base_input').digest().subarray(0, 8);
const SET_COMPUTE_UNIT_LIMIT = 2;
const SET_COMPUTE_UNIT_PRICE = 3;
/** A swap of a Token-2022 mint with a transfer fee needs the most, well under this. */
const COMPUTE_UNIT_LIMIT = 150_000;

export interface SwapLeg {
  readonly mint: string;
  readonly tokenProgram: string;
  readonly vault: string;
  /** The trader's token account. */
  readonly account: string;
}

export interface SwapAmounts {
  readonly amountIn: bigint;
  readonly minimumAmountOut: bigint;
  readonly computeUnitPriceMicroLamports: bigint;
}

export class SwapTemplate {
  readonly #wire: Buffer;
  readonly #secretKey: Buffer;
  readonly #blockhashOffset: number;
  readonly #priceOffset: number;
  readonly #amountsOffset: number;

  constructor(
    trader: { readonly address: string; readonly secretKey: Uint8Array },
    pool: GenesisPool,
    input: SwapLeg,
    output: SwapLeg,
  ) {
    const roles = swapAccounts(trader.address, pool, input, output);
    const keys = [...roles.signer, ...roles.writable, ...roles.readonly];
    const indexOf = (address: string): number => keys.indexOf(address);
    const header = Buffer.from([1, 0, roles.readonly.length, keys.length]);
    const limit = Buffer.alloc(5);
    limit[0] = SET_COMPUTE_UNIT_LIMIT;
    limit.writeUInt32LE(COMPUTE_UNIT_LIMIT, 1);
    const price = Buffer.alloc(9);
    price[0] = SET_COMPUTE_UNIT_PRICE;
    const swap = Buffer.concat([SWAP_BASE_INPUT, Buffer.alloc(16)]);
    const computeBudget = indexOf(COMPUTE_BUDGET_PROGRAM);
    const before = Buffer.concat([
      Buffer.from([1]),
      Buffer.alloc(SIGNATURE_BYTES),
      header,
      ...keys.map((key) => base58.decode(key)),
    ]);
    const head = [
      Buffer.from([3]),
      instruction(computeBudget, [], limit),
      instruction(computeBudget, [], price),
    ];
    const tail = instruction(indexOf(CPMM_PROGRAM), roles.ordered.map(indexOf), swap);
    this.#wire = Buffer.concat([before, Buffer.alloc(KEY_BYTES), ...head, tail]);
    this.#secretKey = Buffer.from(trader.secretKey);
    this.#blockhashOffset = before.length;
    this.#priceOffset = before.length + KEY_BYTES + head.reduce((sum, part) => sum + part.length, 0) - 8;
    this.#amountsOffset = this.#wire.length - 16;
  }

  /** A signed transaction; the bytes are the caller's own. */
  sign(blockhash: string, amounts: SwapAmounts): Buffer {
    const wire = Buffer.from(this.#wire);
    wire.set(base58.decode(blockhash), this.#blockhashOffset);
    wire.writeBigUInt64LE(amounts.computeUnitPriceMicroLamports, this.#priceOffset);
    wire.writeBigUInt64LE(amounts.amountIn, this.#amountsOffset);
    wire.writeBigUInt64LE(amounts.minimumAmountOut, this.#amountsOffset + 8);
    sodium.crypto_sign_detached(
      wire.subarray(1, MESSAGE_OFFSET),
      wire.subarray(MESSAGE_OFFSET),
      this.#secretKey,
    );
    return wire;
  }
}

function instruction(program: number, accounts: readonly number[], data: Buffer): Buffer {
  // Both lengths are under 128, where a compact length is one byte.
  return Buffer.concat([Buffer.from([program, accounts.length, ...accounts, data.length]), data]);
}

/** The accounts by their rights, and in the order of `swap_base_input`. */
function swapAccounts(trader: string, pool: GenesisPool, input: SwapLeg, output: SwapLeg) {
  const authority = vaultAuthority().address;
  const writable = [pool.address, input.account, output.account, input.vault, output.vault, pool.observation];
  const readonly = new Set([
    COMPUTE_BUDGET_PROGRAM,
    CPMM_PROGRAM,
    authority,
    pool.ammConfig,
    input.tokenProgram,
    output.tokenProgram,
    input.mint,
    output.mint,
  ]);
  const ordered = [
    trader,
    authority,
    pool.ammConfig,
    pool.address,
    input.account,
    output.account,
    input.vault,
    output.vault,
    input.tokenProgram,
    output.tokenProgram,
    input.mint,
    output.mint,
    pool.observation,
  ];
  return { signer: [trader], writable, readonly: [...readonly], ordered };
}
