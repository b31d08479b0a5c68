/**
 * The path that a user would write: the swap's instructions, a message by @solana/web3.js, its signature, a POST by
 * undici; beside it the package's own client follows the pools, where the run asks for it.
 */
import { createRequire } from 'node:module';
import {
  ComputeBudgetProgram,
  Keypair,
  PublicKey,
  TransactionInstruction,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js';
import { CommitmentLevel, type SubscribeUpdate } from '@triton-one/yellowstone-grpc';
import { Pool } from 'undici';
import { swapInstruction } from '../../src/market/raydium-cpmm-instruction.js';
import { asAddress } from '../../src/model/brands.js';
import { swapTokenAccounts } from '../../src/transaction/prepared-swap.js';
import { type IntentPath, type PathIntent, type PathOptions, servePath, swapOf } from './intent-path.js';
import { arrivalKey, sendBody } from './sink.js';

const CONNECTIONS = 4;
const COMPUTE_UNIT_LIMIT = 120_000;
const COMPUTE_UNIT_PRICE = 10_000;

/** The package is CommonJS with a default export, which Node's ESM loader hides one level deeper. */
const { default: OfficialClient } = createRequire(import.meta.url)(
  '@triton-one/yellowstone-grpc',
) as typeof import('@triton-one/yellowstone-grpc');

servePath(async (options) => {
  const rpc = new Pool(`http://127.0.0.1:${options.sinkPort}`, { connections: CONNECTIONS });
  const keypairs = new Map(
    options.wallets.map(({ name, secretKey }) => [name, Keypair.fromSecretKey(secretKey)]),
  );
  const follower = new Follower(options.grpcEndpoint);
  let recentBlockhash = '';
  const path: IntentPath = {
    useBlockhash: (blockhash) => {
      recentBlockhash = blockhash;
    },
    take: async (intent) => {
      const payer = keypairs.get(intent.wallet)!;
      const message = new TransactionMessage({
        payerKey: payer.publicKey,
        recentBlockhash,
        instructions: [
          ComputeBudgetProgram.setComputeUnitLimit({ units: COMPUTE_UNIT_LIMIT }),
          ComputeBudgetProgram.setComputeUnitPrice({ microLamports: COMPUTE_UNIT_PRICE }),
          swap(options, intent, payer.publicKey),
        ],
      });
      const transaction = new VersionedTransaction(message.compileToV0Message());
      transaction.sign([payer]);
      const wire = transaction.serialize();
      const response = await rpc.request({
        path: '/sink',
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: sendBody(wire),
      });
      await response.body.dump();
      return arrivalKey(wire);
    },
    follow: (accounts) => follower.follow(accounts),
  };
  return path;
});

/** The token accounts' addresses a user would derive once and keep. */
const derived = new Map<string, ReturnType<typeof swapTokenAccounts>>();

function swap(options: PathOptions, intent: PathIntent, wallet: PublicKey): TransactionInstruction {
  const { keys, zeroForOne } = swapOf(options, intent);
  const address = asAddress(wallet.toBase58());
  const name = `${intent.wallet} ${intent.pool} ${zeroForOne}`;
  const accounts = derived.get(name) ?? swapTokenAccounts(keys, address, zeroForOne);
  derived.set(name, accounts);
  const instruction = swapInstruction(
    keys,
    { wallet: address, ...accounts },
    { mode: 'exactIn', amount: BigInt(intent.amount), limit: 0n, zeroForOne },
  );
  return new TransactionInstruction({
    programId: publicKey(instruction.programId),
    keys: instruction.accounts.map((account) => ({
      pubkey: publicKey(account.address),
      isSigner: account.signer,
      isWritable: account.writable,
    })),
    data: Buffer.from(instruction.data),
  });
}

/** Decoded once each: nobody decodes a pool's addresses for every trade. */
const publicKeys = new Map<string, PublicKey>();

function publicKey(address: string): PublicKey {
  const known = publicKeys.get(address) ?? new PublicKey(address);
  publicKeys.set(address, known);
  return known;
}

/** Keeps the pools' newest account bytes, as any path must that wants to quote. */
class Follower {
  readonly #endpoint: string;
  readonly #newest = new Map<string, Uint8Array>();
  #close: (() => void) | undefined;

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  async follow(accounts: readonly string[]): Promise<void> {
    this.#close?.();
    this.#close = undefined;
    if (accounts.length === 0) return;
    const client = new OfficialClient(this.#endpoint, undefined, {});
    await client.connect();
    const stream = await client.subscribe();
    stream.on('data', (update: SubscribeUpdate) => {
      const account = update.account?.account;
      if (account !== undefined) this.#newest.set(Buffer.from(account.pubkey).toString('hex'), account.data);
    });
    await new Promise<void>((resolve, reject) => {
      stream.write(
        {
          commitment: CommitmentLevel.PROCESSED,
          accounts: { pools: { account: [...accounts], owner: [], filters: [] } },
          slots: {},
          transactions: {},
          transactionsStatus: {},
          blocks: {},
          blocksMeta: {},
          entry: {},
          accountsDataSlice: [],
        },
        (error: Error | null | undefined) => (error ? reject(error) : resolve()),
      );
    });
    this.#close = () => stream.destroy();
  }
}
