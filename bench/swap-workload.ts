/** One swap in the forms that the contestants take: the same accounts, numbers, key and blockhash. */
import { createHash } from 'node:crypto';
import { base58 } from '@scure/base';
import { Keypair, PublicKey, TransactionInstruction } from '@solana/web3.js';
import { SigningKey } from '../src/keys/signing-key.js';
import { swapInstruction } from '../src/market/raydium-cpmm-instruction.js';
import { RAYDIUM_CPMM_AUTHORITY, RAYDIUM_CPMM_PROGRAM } from '../src/market/raydium-cpmm-program.js';
import type { CpmmState, PoolKeys } from '../src/market/types.js';
import { type Address, asAddress, asBlockhash } from '../src/model/brands.js';
import { setComputeUnitLimit, setComputeUnitPrice } from '../src/transaction/compute-budget.js';
import type { Instruction } from '../src/transaction/instruction.js';
import { swapTokenAccounts } from '../src/transaction/prepared-swap.js';
import { TOKEN_PROGRAM } from '../src/transaction/program-ids.js';

const bytesOf = (seed: string): Buffer => createHash('sha256').update(seed).digest();
const addressOf = (seed: string): Address => asAddress(base58.encode(bytesOf(seed)));

export const keypair = Keypair.fromSeed(bytesOf('bench wallet'));
export const wallet = asAddress(keypair.publicKey.toBase58());
export const blockhash = asBlockhash(addressOf('bench blockhash'));

export const benchKey = (): SigningKey => SigningKey.fromSecretKey('bench', keypair.secretKey);

export const poolKeys: PoolKeys = {
  pool: addressOf('bench pool'),
  venue: 'raydium-cpmm',
  programId: RAYDIUM_CPMM_PROGRAM,
  authority: RAYDIUM_CPMM_AUTHORITY,
  ammConfig: addressOf('bench config'),
  observation: addressOf('bench observation'),
  mint0: addressOf('bench mint 0'),
  mint1: addressOf('bench mint 1'),
  vault0: addressOf('bench vault 0'),
  vault1: addressOf('bench vault 1'),
  tokenProgram0: TOKEN_PROGRAM,
  tokenProgram1: TOKEN_PROGRAM,
  decimals0: 9,
  decimals1: 6,
};

export const poolState: CpmmState = {
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

export const swap = {
  mode: 'exactIn',
  zeroForOne: true,
  amount: 100_000_000n,
  limit: 14_000_000n,
  computeUnitLimit: 60_000,
  computeUnitPriceMicroLamports: 12_345n,
  priceRaisePercent: 0,
  maxComputeUnitPriceMicroLamports: 2n ** 64n - 1n,
} as const;

export const instructions: readonly Instruction[] = [
  setComputeUnitLimit(swap.computeUnitLimit),
  setComputeUnitPrice(swap.computeUnitPriceMicroLamports),
  swapInstruction(poolKeys, { wallet, ...swapTokenAccounts(poolKeys, wallet, true) }, swap),
];

export const web3Instructions: readonly TransactionInstruction[] = instructions.map(
  ({ programId, accounts, data }) =>
    new TransactionInstruction({
      programId: new PublicKey(programId),
      keys: accounts.map(({ address, signer, writable }) => ({
        pubkey: new PublicKey(address),
        isSigner: signer,
        isWritable: writable,
      })),
      data: Buffer.from(data),
    }),
);
