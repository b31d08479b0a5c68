/** A landed transaction as RPC's `getTransaction` (encoding `json`) tells it, in the stream's form. */
import { type Address, asAddress, asSlot, type Signature } from '../model/brands.js';
import type { TokenBalance, TransactionUpdate } from '../stream/types.js';

interface RpcTokenBalance {
  readonly accountIndex: number;
  readonly mint: string;
  readonly owner?: string;
  readonly uiTokenAmount: { readonly amount: string };
}

interface RpcTransaction {
  readonly slot: number;
  readonly transaction: { readonly message: { readonly accountKeys: readonly string[] } };
  readonly meta: {
    readonly err: unknown;
    readonly fee: number;
    readonly computeUnitsConsumed?: number;
    readonly preBalances: readonly number[];
    readonly postBalances: readonly number[];
    readonly preTokenBalances?: readonly RpcTokenBalance[] | null;
    readonly postTokenBalances?: readonly RpcTokenBalance[] | null;
    readonly logMessages?: readonly string[] | null;
    readonly loadedAddresses?: { readonly writable: readonly string[]; readonly readonly: readonly string[] };
  } | null;
}

/** @returns undefined where the node has the transaction without its meta */
export function readRpcTransaction(
  signature: Signature,
  answer: unknown,
  receivedUs: number,
): TransactionUpdate | undefined {
  const { slot, transaction, meta } = answer as RpcTransaction;
  if (meta === null) return undefined;
  const keys = [
    ...transaction.message.accountKeys,
    ...(meta.loadedAddresses?.writable ?? []),
    ...(meta.loadedAddresses?.readonly ?? []),
  ];
  const error = meta.err ?? undefined;
  return {
    signature,
    slot: asSlot(slot),
    index: 0,
    error,
    feeLamports: BigInt(meta.fee),
    computeUnitsConsumed:
      meta.computeUnitsConsumed === undefined ? undefined : BigInt(meta.computeUnitsConsumed),
    accountKeys: keys.map(asAddress),
    preBalances: meta.preBalances.map(BigInt),
    postBalances: meta.postBalances.map(BigInt),
    preTokenBalances: (meta.preTokenBalances ?? []).map(readBalance),
    postTokenBalances: (meta.postTokenBalances ?? []).map(readBalance),
    logMessages: error === undefined ? [] : (meta.logMessages ?? []),
    receivedUs,
  };
}

/** Old blocks have no owner; such a balance is nobody's that we know. */
const NO_OWNER = '' as Address;

function readBalance(balance: RpcTokenBalance): TokenBalance {
  return {
    accountIndex: balance.accountIndex,
    mint: asAddress(balance.mint),
    owner: balance.owner === undefined ? NO_OWNER : asAddress(balance.owner),
    amount: BigInt(balance.uiTokenAmount.amount),
  };
}
