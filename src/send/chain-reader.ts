/** The few questions that the executor asks of RPC nodes, typed; each answer says its slot and its node. */

import { HotslotError } from '../errors/hotslot-error.js';
import {
  type Address,
  asAddress,
  asSlot,
  type Commitment,
  type Signature,
  type Slot,
} from '../model/brands.js';
import { RpcResponseError } from './rpc-client.js';
import { isRefusal, type RpcPool } from './rpc-pool.js';

/** RPC's own limits of one call. */
export const MAX_SIGNATURES_A_CALL = 256;
export const MAX_ACCOUNTS_A_CALL = 100;
/** More of what a node says is not told. */
const ANSWER_CHARS = 200;

export interface SignatureStatusAnswer {
  readonly slot: Slot;
  readonly commitment: Commitment;
  /** Null on success, else RPC's JSON form of the error. */
  readonly error: unknown;
}

export interface StatusesAnswer {
  /** The slot of the node's view: a "not found" says nothing about later slots. */
  readonly contextSlot: Slot;
  readonly host: string;
  readonly statuses: readonly (SignatureStatusAnswer | undefined)[];
}

export interface FetchedAccount {
  readonly address: Address;
  readonly lamports: bigint;
  readonly owner: Address;
  readonly data: Uint8Array;
}

export interface AccountsAnswer {
  readonly contextSlot: Slot;
  /** In the order asked; undefined where the account does not exist. */
  readonly accounts: readonly (FetchedAccount | undefined)[];
}

export interface PrioritizationFee {
  readonly slot: Slot;
  /** A compute unit. */
  readonly microLamports: number;
}

export class ChainReader {
  readonly #pool: RpcPool;

  constructor(pool: RpcPool) {
    this.#pool = pool;
  }

  /**
   * @param signatures at most 256
   * @param turn asks another node first, see RpcPool.call
   * @throws HotslotError RPC_FAILED, RPC_TIMEOUT, BREAKER_OPEN
   */
  async statuses(
    signatures: readonly Signature[],
    searchHistory: boolean,
    turn = 0,
  ): Promise<StatusesAnswer> {
    const { result, host } = await this.#pool.call(
      'getSignatureStatuses',
      [signatures, { searchTransactionHistory: searchHistory }],
      { turn },
    );
    const { context, value } = withContext(result, host, 'getSignatureStatuses');
    if (!Array.isArray(value) || value.length !== signatures.length)
      throw malformed(host, 'getSignatureStatuses');
    return { contextSlot: asSlot(context), host, statuses: value.map(readStatus) };
  }

  async firstAvailableBlock(host: string): Promise<Slot> {
    const { result } = await this.#pool.call('getFirstAvailableBlock', [], { host });
    if (typeof result !== 'number') throw malformed(host, 'getFirstAvailableBlock');
    return asSlot(result);
  }

  async blockHeight(commitment: Commitment, host?: string): Promise<number> {
    const answer = await this.#pool.call(
      'getBlockHeight',
      [{ commitment }],
      host === undefined ? {} : { host },
    );
    if (typeof answer.result !== 'number') throw malformed(answer.host, 'getBlockHeight');
    return answer.result;
  }

  async genesisHash(): Promise<string> {
    const { result, host } = await this.#pool.call('getGenesisHash', []);
    if (typeof result !== 'string') throw malformed(host, 'getGenesisHash');
    return result;
  }

  /** @param addresses at most 100 */
  async accounts(
    addresses: readonly Address[],
    commitment: Commitment,
    minContextSlot?: Slot,
  ): Promise<AccountsAnswer> {
    const { result, host } = await this.#pool.call('getMultipleAccounts', [
      addresses,
      { encoding: 'base64', commitment, ...(minContextSlot === undefined ? {} : { minContextSlot }) },
    ]);
    const { context, value } = withContext(result, host, 'getMultipleAccounts');
    if (!Array.isArray(value) || value.length !== addresses.length)
      throw malformed(host, 'getMultipleAccounts');
    const accounts = value.map((one, index) => readAccount(addresses[index]!, one));
    return { contextSlot: asSlot(context), accounts };
  }

  /**
   * What landed cheapest in each of the last blocks, of what wrote these accounts: the highest over the accounts, and
   * at least the cheapest of the whole block.
   * @param writable at most 128
   */
  async recentPrioritizationFees(writable: readonly Address[]): Promise<PrioritizationFee[]> {
    const method = 'getRecentPrioritizationFees';
    const { result, host } = await this.#pool.call(method, [writable]);
    if (!Array.isArray(result)) throw malformed(host, method);
    return result.map((one: { slot?: unknown; prioritizationFee?: unknown } | null) => {
      if (typeof one?.slot !== 'number' || typeof one.prioritizationFee !== 'number')
        throw malformed(host, method);
      return { slot: asSlot(one.slot), microLamports: one.prioritizationFee };
    });
  }

  /** Signatures that mention an address, newest first, at most `limit` (1,000). */
  async signaturesFor(
    address: Address,
    options: { limit: number; before?: Signature; commitment: 'confirmed' | 'finalized' },
  ): Promise<{ signature: Signature; slot: Slot; error: unknown; blockTimeMs: number | undefined }[]> {
    const { result, host } = await this.#pool.call('getSignaturesForAddress', [address, options]);
    if (!Array.isArray(result)) throw malformed(host, 'getSignaturesForAddress');
    return result.map(
      (one: { signature: Signature; slot: number; err: unknown; blockTime?: number | null }) => ({
        signature: one.signature,
        slot: asSlot(one.slot),
        error: one.err ?? undefined,
        blockTimeMs: typeof one.blockTime === 'number' ? one.blockTime * 1000 : undefined,
      }),
    );
  }

  /**
   * The transaction in RPC's `json` form at confirmed or better, or undefined where the node does not know it.
   * @param turn asks another node first, see RpcPool.call
   */
  async transaction(signature: Signature, turn: number): Promise<unknown> {
    const options = { encoding: 'json', commitment: 'confirmed', maxSupportedTransactionVersion: 0 };
    const { result } = await this.#pool.call('getTransaction', [signature, options], { turn });
    return result ?? undefined;
  }

  /**
   * Simulates with signatures zeroed and `sigVerify: false`, so that whoever runs the node has nothing to send.
   * @param wire a transaction whose signatures are zero bytes
   * @throws HotslotError SEND_REFUSED where a node would not simulate it, RPC_FAILED, RPC_TIMEOUT
   */
  async simulate(
    wire: Uint8Array,
  ): Promise<{ error: unknown; logs: readonly string[]; unitsConsumed: number | undefined }> {
    const options = {
      encoding: 'base64',
      sigVerify: false,
      replaceRecentBlockhash: false,
      commitment: 'processed',
    };
    const params = [Buffer.from(wire).toString('base64'), options];
    const { result, host } = await this.#pool
      .call('simulateTransaction', params)
      .catch((error: unknown) => Promise.reject(codedAnswer(error, 'simulateTransaction')));
    const { value } = withContext(result, host, 'simulateTransaction');
    const answer = value as { err: unknown; logs?: string[] | null; unitsConsumed?: number };
    return { error: answer.err ?? undefined, logs: answer.logs ?? [], unitsConsumed: answer.unitsConsumed };
  }
}

function withContext(result: unknown, host: string, method: string): { context: number; value: unknown } {
  const answer = result as { context?: { slot?: unknown }; value?: unknown } | null;
  const slot = answer?.context?.slot;
  if (typeof slot !== 'number' || answer?.value === undefined) throw malformed(host, method);
  return { context: slot, value: answer.value };
}

/** An error that a node answered, with a code of ours; any other as it is. */
function codedAnswer(error: unknown, method: string): unknown {
  if (!(error instanceof RpcResponseError)) return error;
  return new HotslotError(isRefusal(error) ? 'SEND_REFUSED' : 'RPC_FAILED', {
    detail: `${method}: ${error.rpcCode} ${error.message}`.slice(0, ANSWER_CHARS),
    cause: error,
  });
}

function malformed(host: string, method: string): HotslotError {
  return new HotslotError('RPC_FAILED', {
    detail: 'The answer has not the expected form.',
    context: { host, method },
  });
}

function readStatus(one: unknown): SignatureStatusAnswer | undefined {
  if (one === null) return undefined;
  const status = one as {
    slot: number;
    confirmationStatus?: Commitment | null;
    confirmations: number | null;
    err: unknown;
  };
  // Nodes of old versions leave confirmationStatus out; null confirmations always mean rooted.
  const commitment = status.confirmationStatus ?? (status.confirmations === null ? 'finalized' : 'processed');
  return { slot: asSlot(status.slot), commitment, error: status.err };
}

function readAccount(address: Address, one: unknown): FetchedAccount | undefined {
  if (one === null) return undefined;
  const account = one as { lamports: number; owner: string; data: [string, string] };
  return {
    address,
    lamports: BigInt(account.lamports),
    owner: asAddress(account.owner),
    data: Buffer.from(account.data[0], 'base64'),
  };
}
