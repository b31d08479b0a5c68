/** Reads the whole ledger of some wallets through JSON-RPC, as anyone could. */
import { request } from 'undici';
import type { LedgerTransaction } from './evidence.js';

const PAGE = 1_000;
const PARALLEL_CALLS = 8;
const TIMEOUT_MS = 30_000;

interface TokenBalance {
  readonly mint: string;
  readonly owner?: string;
  readonly uiTokenAmount: { readonly amount: string };
}

interface TransactionAnswer {
  readonly slot: number;
  readonly meta: {
    readonly err: unknown;
    readonly fee: number;
    readonly preTokenBalances?: readonly TokenBalance[];
    readonly postTokenBalances?: readonly TokenBalance[];
  };
}

export class LedgerReader {
  readonly #url: string;

  constructor(rpcUrl: string) {
    this.#url = rpcUrl;
  }

  /** Every finalized transaction that mentions one of the wallets. */
  async transactionsOf(wallets: readonly string[]): Promise<LedgerTransaction[]> {
    await this.#assertWhole();
    const found: LedgerTransaction[] = [];
    for (const wallet of wallets) {
      const signatures = await this.#signaturesOf(wallet);
      for (let start = 0; start < signatures.length; start += PARALLEL_CALLS) {
        const batch = signatures.slice(start, start + PARALLEL_CALLS);
        found.push(...(await Promise.all(batch.map((signature) => this.#transaction(signature, wallet)))));
      }
    }
    return found;
  }

  /** Slots of all finalized blocks, ascending, and the height of the last. */
  async blocks(): Promise<{ readonly blocks: readonly number[]; readonly lastBlockHeight: number }> {
    const last = (await this.#call('getSlot', [{ commitment: 'finalized' }])) as number;
    const blocks = (await this.#call('getBlocks', [0, last, { commitment: 'finalized' }])) as number[];
    const lastSlot = blocks.at(-1);
    if (lastSlot === undefined) throw new Error('the ledger has no block');
    const block = (await this.#call('getBlock', [
      lastSlot,
      {
        transactionDetails: 'none',
        rewards: false,
        commitment: 'finalized',
        maxSupportedTransactionVersion: 0,
      },
    ])) as { blockHeight: number };
    return { blocks, lastBlockHeight: block.blockHeight };
  }

  /** A ledger that has forgotten its beginning proves nothing. */
  async #assertWhole(): Promise<void> {
    const first = (await this.#call('getFirstAvailableBlock', [])) as number;
    if (first > 1) throw new Error(`the ledger begins at slot ${first}: raise --ledger-slots`);
  }

  async #signaturesOf(wallet: string): Promise<string[]> {
    const all: string[] = [];
    for (;;) {
      const before = all.at(-1);
      const options = { limit: PAGE, commitment: 'finalized', ...(before === undefined ? {} : { before }) };
      const page = (await this.#call('getSignaturesForAddress', [wallet, options])) as {
        signature: string;
      }[];
      all.push(...page.map((one) => one.signature));
      if (page.length < PAGE) return all;
    }
  }

  async #transaction(signature: string, wallet: string): Promise<LedgerTransaction> {
    const options = { encoding: 'json', commitment: 'finalized', maxSupportedTransactionVersion: 0 };
    const answer = (await this.#call('getTransaction', [signature, options])) as TransactionAnswer | null;
    if (answer === null) throw new Error(`the ledger lists ${signature} and does not have it`);
    const { err, fee, preTokenBalances = [], postTokenBalances = [] } = answer.meta;
    const changes = new Map<string, bigint>();
    const add = (balances: readonly TokenBalance[], sign: bigint) => {
      for (const { mint, owner, uiTokenAmount } of balances) {
        if (owner !== wallet) continue;
        changes.set(mint, (changes.get(mint) ?? 0n) + sign * BigInt(uiTokenAmount.amount));
      }
    };
    add(preTokenBalances, -1n);
    add(postTokenBalances, 1n);
    return { signature, slot: answer.slot, wallet, failed: err !== null, feeLamports: BigInt(fee), changes };
  }

  async #call(method: string, params: readonly unknown[]): Promise<unknown> {
    const response = await request(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer = (await response.body.json()) as { result?: unknown; error?: { message: string } };
    if (answer.error !== undefined || answer.result === undefined) {
      throw new Error(`${method}: ${answer.error?.message ?? 'no result'}`);
    }
    return answer.result;
  }
}
