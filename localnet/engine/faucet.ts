/** Airdrops as real transfers from the faucet's account. */
import { base58 } from '@scure/base';
import sodium from 'sodium-native';
import type { GenesisWallet } from '../genesis/types.js';
import { decodeAddress } from './address-book.js';
import { COMPUTE_BUDGET_PROGRAM, SYSTEM_PROGRAM } from './well-known.js';

const TRANSFER_INSTRUCTION = 2;
const SET_COMPUTE_UNIT_LIMIT = 2;
const BASE_COMPUTE_UNITS = 10_000;
/** Airdrops of the same amount to the same address differ in their unit limit, or they would share a signature. */
const DISTINCT_LIMITS = 1_000_000;

export class Faucet {
  constructor(
    private readonly wallet: GenesisWallet,
    private count: number,
  ) {}

  /** How many airdrops there were; a restored faucet goes on from it. */
  airdropCount(): number {
    return this.count;
  }

  /** A signed transaction that pays `lamports` to `address`. Throws if the address or the amount is not one. */
  payment(address: string, lamports: bigint, recentBlockhash: string): Uint8Array {
    if (this.wallet.secretKey === undefined) throw new Error('The faucet has no key');
    if (lamports <= 0n || lamports >= 2n ** 64n)
      throw new RangeError('An airdrop is from 1 lamport to a u64');
    const limit = Buffer.from([SET_COMPUTE_UNIT_LIMIT, 0, 0, 0, 0]);
    limit.writeUInt32LE(BASE_COMPUTE_UNITS + (this.count % DISTINCT_LIMITS), 1);
    const transfer = Buffer.alloc(12);
    transfer.writeUInt32LE(TRANSFER_INSTRUCTION, 0);
    transfer.writeBigUInt64LE(lamports, 4);
    const faucet = decodeAddress(this.wallet.address);
    const recipient = decodeAddress(address);
    // Keys: faucet, recipient, system program, compute budget; a payment of the faucet to itself names it once.
    const self = address === this.wallet.address;
    const keys = self ? [faucet] : [faucet, recipient];
    const system = keys.length;
    const message = Buffer.concat([
      Buffer.from([1, 0, 2, keys.length + 2]),
      ...keys,
      decodeAddress(SYSTEM_PROGRAM),
      decodeAddress(COMPUTE_BUDGET_PROGRAM),
      base58.decode(recentBlockhash),
      Buffer.from([2, system + 1, 0, limit.length]),
      limit,
      Buffer.from([system, 2, 0, self ? 0 : 1, transfer.length]),
      transfer,
    ]);
    const signature = Buffer.alloc(sodium.crypto_sign_BYTES);
    sodium.crypto_sign_detached(signature, message, Buffer.from(this.wallet.secretKey));
    this.count += 1;
    return new Uint8Array(Buffer.concat([Buffer.from([1]), signature, message]));
  }
}
