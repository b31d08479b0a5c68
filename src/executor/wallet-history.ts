/** A wallet's rooted transactions as nodes tell them, and of which trade each may be an attempt. */
import { base58 } from '@scure/base';
import type { FoundOnChain, LandedTransaction, WalletHistory } from '../confirm/lost-attempts.js';
import { HotslotError } from '../errors/hotslot-error.js';
import { readSwapInstruction, type SwapRead } from '../market/raydium-cpmm-instruction.js';
import type { PoolKeys } from '../market/types.js';
import {
  type Address,
  asAddress,
  asBlockhash,
  asSlot,
  type Signature,
  type Slot,
  type TradeId,
} from '../model/brands.js';
import type { Trade } from '../model/trade.js';
import type { RpcPool } from '../send/rpc-pool.js';
import type { Clock } from '../time/clock.js';

/** RPC's own limit of one call. */
const PAGE_SIGNATURES = 1_000;
/** A wallet with a longer history since its oldest open trade is not searched to the end. */
const MAX_PAGES = 100;

interface RpcInstruction {
  readonly programIdIndex: number;
  readonly accounts: readonly number[];
  readonly data: string;
}

interface RpcTransaction {
  readonly transaction: {
    readonly message: {
      readonly accountKeys: readonly string[];
      readonly recentBlockhash: string;
      readonly instructions: readonly RpcInstruction[];
    };
  };
  readonly meta: {
    readonly loadedAddresses?: { readonly writable: readonly string[]; readonly readonly: readonly string[] };
  } | null;
}

export interface NodeWalletHistoryOptions {
  readonly rpc: RpcPool;
  readonly keysOf: (pool: Address) => PoolKeys | undefined;
  readonly clock: Clock;
}

export class NodeWalletHistory implements WalletHistory {
  readonly #options: NodeWalletHistoryOptions;

  constructor(options: NodeWalletHistoryOptions) {
    this.#options = options;
  }

  async landed(
    wallet: Address,
    fromSlot: Slot,
    rootedSlot: Slot,
    turn: number,
  ): Promise<readonly LandedTransaction[]> {
    const { rpc } = this.#options;
    const found: LandedTransaction[] = [];
    let place: { turn: number } | { host: string } = { turn };
    let before: Signature | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const options = { limit: PAGE_SIGNATURES, commitment: 'finalized', minContextSlot: rootedSlot };
      const paged = before === undefined ? options : { ...options, before };
      const { result, host } = await rpc.call('getSignaturesForAddress', [wallet, paged], place);
      if (!Array.isArray(result)) throw failed(host, 'The answer has not the expected form.');
      const newestFirst = result as readonly Omit<LandedTransaction, 'host'>[];
      for (const { signature, slot } of newestFirst)
        if (slot >= fromSlot) found.push({ signature, slot, host });
      const last = newestFirst.at(-1);
      if (last === undefined || newestFirst.length < PAGE_SIGNATURES || last.slot < fromSlot) {
        await this.#assertKept(host, fromSlot);
        return found.reverse();
      }
      before = last.signature;
      place = { host };
    }
    throw new HotslotError('RPC_FAILED', { detail: 'The history is too long.', context: { wallet } });
  }

  async attemptOf(
    { signature, slot, host }: LandedTransaction,
    trades: readonly Trade[],
  ): Promise<{ tradeId: TradeId; attempt: FoundOnChain } | undefined> {
    const options = { encoding: 'json', commitment: 'finalized', maxSupportedTransactionVersion: 0 };
    const { result } = await this.#options.rpc.call('getTransaction', [signature, options], { host });
    if (result === null || result === undefined) throw failed(host, 'It does not know a rooted transaction.');
    const transaction = result as RpcTransaction;
    for (const swap of swapsOf(transaction)) {
      const trade = trades.find((one) => this.#mayBeOf(one, swap));
      if (trade === undefined) continue;
      const { recentBlockhash } = transaction.transaction.message;
      return { tradeId: trade.id, attempt: this.#attemptOf(trade, swap, signature, slot, recentBlockhash) };
    }
    return undefined;
  }

  /** A node that has pruned says nothing of what landed before. */
  async #assertKept(host: string, fromSlot: Slot): Promise<void> {
    const { result } = await this.#options.rpc.call('getFirstAvailableBlock', [], { host });
    if (typeof result === 'number' && result <= fromSlot) return;
    throw failed(host, `It has nothing before slot ${String(result)}, and slot ${fromSlot} is asked for.`);
  }

  /** Of two trades that ask for the same, either may have it: what is left over is as good. */
  #mayBeOf({ pool, wallet, intent }: Trade, swap: SwapRead): boolean {
    return (
      swap.pool === pool &&
      swap.programId === this.#options.keysOf(pool)?.programId &&
      swap.wallet === wallet &&
      swap.mode === intent.mode &&
      swap.amount === intent.amount &&
      swap.inputMint === intent.inputMint
    );
  }

  /** What the chain does not tell is taken from the trade, and nothing of it is ever sent. */
  #attemptOf(
    trade: Trade,
    swap: SwapRead,
    signature: Signature,
    slot: Slot,
    recentBlockhash: string,
  ): FoundOnChain {
    return {
      signature,
      blockhash: asBlockhash(recentBlockhash),
      signedSlot: slot,
      signedAtMs: this.#options.clock.nowMs(),
      poolSlot: asSlot(trade.acceptedQuote.slot),
      quotedIn: trade.acceptedQuote.amountIn,
      quotedOut: trade.acceptedQuote.amountOut,
      limit: swap.limit,
      computeUnitLimit: 0,
      computeUnitPriceMicroLamports: 0n,
      wire: new Uint8Array(0),
    };
  }
}

function* swapsOf({ transaction, meta }: RpcTransaction): Generator<SwapRead> {
  const { accountKeys, instructions } = transaction.message;
  const keys = [
    ...accountKeys,
    ...(meta?.loadedAddresses?.writable ?? []),
    ...(meta?.loadedAddresses?.readonly ?? []),
  ].map(asAddress);
  for (const { programIdIndex, accounts, data } of instructions) {
    const swap = readSwapInstruction({
      programId: keys[programIdIndex]!,
      accounts: accounts.map((index) => keys[index]!),
      data: base58.decode(data),
    });
    if (swap !== undefined) yield swap;
  }
}

function failed(host: string, detail: string): HotslotError {
  return new HotslotError('RPC_FAILED', { detail, context: { host } });
}
