/**
 * Runs the cluster's AMM in LiteSVM on a genesis of its own, with the accounts of one pool open to change.
 * Shared by the program's tests.
 */

import { base58 } from '@scure/base';
import { type Address, getTransactionDecoder, lamports } from '@solana/kit';
import { PublicKey, Transaction, TransactionInstruction } from '@solana/web3.js';
import { FailedTransactionMetadata, LiteSVM } from 'litesvm';
import type { AccountState } from '../../localnet/engine/messages.js';
import { CPMM_PROGRAM } from '../../localnet/genesis/addresses.js';
import { buildGenesis } from '../../localnet/genesis/build-genesis.js';
import { vaultAuthority } from '../../localnet/genesis/cpmm-layouts.js';
import { associatedTokenAddress } from '../../localnet/genesis/program-address.js';
import type { Genesis, GenesisMint, GenesisPool } from '../../localnet/genesis/types.js';

export const SWAP_BASE_INPUT = Buffer.from('8fbe5adac41e33de', 'hex');
export const SWAP_BASE_OUTPUT = Buffer.from('37d96256a34ab4ad', 'hex');
export const NOW_SECONDS = 1_800_000_000n;

/** Offsets in a PoolState that tests read or change. */
export const POOL = {
  bump: 328,
  status: 329,
  protocolFees: 341,
  fundFees: 357,
  openTime: 373,
  recentEpoch: 381,
  creatorFeeOn: 389,
  creatorFeeEnabled: 390,
  creatorFees: 397,
} as const;
/** Offsets in an AmmConfig. */
export const CONFIG = { tradeFee: 12, protocolFee: 20, fundFee: 28, creatorFee: 108 } as const;

export interface SwapOutcome {
  readonly ok: boolean;
  /** The custom error code, or the error as text. */
  readonly error: number | string | undefined;
  readonly logs: readonly string[];
  readonly computeUnits: number;
}

/** Positions of the accounts of a swap instruction. */
export const SWAP_ACCOUNTS = [
  'payer',
  'authority',
  'ammConfig',
  'pool',
  'userInput',
  'userOutput',
  'inputVault',
  'outputVault',
  'inputProgram',
  'outputProgram',
  'inputMint',
  'outputMint',
  'observation',
] as const;
export type SwapAccount = (typeof SWAP_ACCOUNTS)[number];
const WRITABLE: ReadonlySet<SwapAccount> = new Set([
  'pool',
  'userInput',
  'userOutput',
  'inputVault',
  'outputVault',
  'observation',
]);

export interface SwapRequest {
  readonly zeroForOne: boolean;
  readonly data: Uint8Array;
  /** Other accounts than the right ones, to be refused. */
  readonly replace?: Partial<Record<SwapAccount, string>>;
  /** Accounts passed as read-only that should be writable. */
  readonly readOnly?: readonly SwapAccount[];
  /** How many of the accounts are passed. */
  readonly accountCount?: number;
}

export function swapData(kind: Uint8Array, first: bigint, second: bigint): Uint8Array {
  const data = Buffer.alloc(24);
  data.set(kind);
  data.writeBigUInt64LE(first, 8);
  data.writeBigUInt64LE(second, 16);
  return data;
}

export class CpmmHarness {
  readonly svm = new LiteSVM().withSigverify(false).withBlockhashCheck(false).withTransactionHistory(0n);
  readonly genesis: Genesis;
  readonly pool: GenesisPool;
  readonly user: string;
  #tag = 0;

  constructor(poolIndex: number, accountDirs: readonly string[] = []) {
    this.genesis = buildGenesis({
      seed: 'cpmm-test',
      pools: 8,
      wallets: 1,
      traders: 0,
      fund: [],
      programs: [],
      accountDirs,
    });
    for (const { id, bytes } of this.genesis.programs) this.svm.addProgram(id as Address, bytes);
    for (const { address, account } of this.genesis.accounts) this.set(address, account);
    this.pool = this.genesis.pools[poolIndex]!;
    this.user = this.genesis.wallets[0]!.address;
    this.setTime(NOW_SECONDS);
  }

  set(address: string, account: AccountState): void {
    this.svm.setAccount({
      address: address as Address,
      programAddress: account.owner as Address,
      lamports: lamports(account.lamports),
      data: account.data,
      executable: account.executable,
      space: BigInt(account.data.length),
    });
  }

  setTime(unixSeconds: bigint, epoch = 0n): void {
    const clock = this.svm.getClock();
    clock.unixTimestamp = unixSeconds;
    clock.epoch = epoch;
    this.svm.setClock(clock);
  }

  data(address: string): Buffer {
    const account = this.svm.getAccount(address as Address);
    if (!account.exists) throw new Error(`${address} does not exist`);
    return Buffer.from(account.data);
  }

  /** Changes an account's bytes in place. */
  edit(address: string, change: (data: Buffer) => void): void {
    const account = this.svm.getAccount(address as Address);
    if (!account.exists) throw new Error(`${address} does not exist`);
    const data = Buffer.from(account.data);
    change(data);
    this.svm.setAccount({ ...account, data });
  }

  mint(index: 0 | 1): GenesisMint {
    const address = index === 0 ? this.pool.token0Mint : this.pool.token1Mint;
    return this.genesis.mints.find((mint) => mint.address === address)!;
  }

  userAccount(index: 0 | 1): string {
    const mint = this.mint(index);
    return associatedTokenAddress(this.user, mint.address, mint.tokenProgram);
  }

  vault(index: 0 | 1): string {
    return index === 0 ? this.pool.token0Vault : this.pool.token1Vault;
  }

  tokenAmount(address: string): bigint {
    return this.data(address).readBigUInt64LE(64);
  }

  /** Wrapped SOL is backed by lamports, as the runtime's checks want it. */
  setTokenAmount(address: string, amount: bigint): void {
    const account = this.svm.getAccount(address as Address);
    if (!account.exists) throw new Error(`${address} does not exist`);
    const data = Buffer.from(account.data);
    const isNative = data.readUInt32LE(109) === 1;
    const backed = isNative ? data.readBigUInt64LE(113) + amount : account.lamports;
    data.writeBigUInt64LE(amount, 64);
    this.svm.setAccount({ ...account, lamports: lamports(backed), data });
  }

  swapAccounts(zeroForOne: boolean): Record<SwapAccount, string> {
    const input = zeroForOne ? 0 : 1;
    const output = zeroForOne ? 1 : 0;
    return {
      payer: this.user,
      authority: vaultAuthority().address,
      ammConfig: this.pool.ammConfig,
      pool: this.pool.address,
      userInput: this.userAccount(input),
      userOutput: this.userAccount(output),
      inputVault: this.vault(input),
      outputVault: this.vault(output),
      inputProgram: this.mint(input).tokenProgram,
      outputProgram: this.mint(output).tokenProgram,
      inputMint: this.mint(input).address,
      outputMint: this.mint(output).address,
      observation: this.pool.observation,
    };
  }

  swap(request: SwapRequest): SwapOutcome {
    const accounts = { ...this.swapAccounts(request.zeroForOne), ...request.replace };
    const keys = SWAP_ACCOUNTS.map((name) => ({
      pubkey: new PublicKey(accounts[name]),
      isSigner: name === 'payer',
      isWritable: WRITABLE.has(name) && !(request.readOnly ?? []).includes(name),
    })).slice(0, request.accountCount ?? SWAP_ACCOUNTS.length);
    const instruction = new TransactionInstruction({
      programId: new PublicKey(CPMM_PROGRAM),
      keys,
      data: Buffer.from(request.data),
    });
    return this.#send(instruction);
  }

  #send(instruction: TransactionInstruction): SwapOutcome {
    // A hash of its own keeps the bytes of equal swaps apart.
    this.#tag += 1;
    const hash = Buffer.alloc(32);
    hash.writeUInt32LE(this.#tag);
    const transaction = new Transaction({
      feePayer: new PublicKey(this.user),
      blockhash: base58.encode(hash),
      lastValidBlockHeight: 0,
    }).add(instruction);
    const bytes = transaction.serialize({ requireAllSignatures: false, verifySignatures: false });
    const result = this.svm.sendTransaction(getTransactionDecoder().decode(bytes));
    const failed = result instanceof FailedTransactionMetadata;
    const meta = failed ? result.meta() : result;
    return {
      ok: !failed,
      error: failed ? readError(meta.logs(), result.toString()) : undefined,
      logs: meta.logs(),
      computeUnits: Number(meta.computeUnitsConsumed()),
    };
  }
}

/** The program's own verdict: its custom code, or the words after "failed:". */
function readError(logs: readonly string[], fallback: string): number | string {
  const line = logs.findLast((log) => log.includes(' failed: ')) ?? fallback;
  const custom = /custom program error: 0x([0-9a-f]+)/.exec(line);
  return custom ? Number.parseInt(custom[1]!, 16) : line.replace(/^.* failed: /, '');
}
