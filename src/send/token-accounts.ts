/** The token accounts of a wallet, over both token programs, as nodes list them. */
import { HotslotError } from '../errors/hotslot-error.js';
import type { Address } from '../model/brands.js';
import { TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from '../transaction/program-ids.js';
import type { RpcPool } from './rpc-pool.js';

export interface TokenHolding {
  readonly account: Address;
  readonly mint: Address;
  readonly program: Address;
  /** Base units. */
  readonly amount: bigint;
  readonly decimals: number;
  readonly isFrozen: boolean;
}

interface ListedAccount {
  readonly pubkey: Address;
  readonly account: {
    readonly data: {
      readonly parsed?: {
        readonly info: {
          readonly mint: Address;
          readonly state: string;
          readonly tokenAmount: { readonly amount: string; readonly decimals: number };
        };
      };
    };
  };
}

/** Confirmed state. @throws HotslotError RPC_FAILED, RPC_TIMEOUT */
export async function tokenHoldingsOf(rpc: RpcPool, owner: Address): Promise<TokenHolding[]> {
  const lists = await Promise.all([TOKEN_PROGRAM, TOKEN_2022_PROGRAM].map((one) => list(rpc, owner, one)));
  return lists.flat();
}

async function list(rpc: RpcPool, owner: Address, program: Address): Promise<TokenHolding[]> {
  const { result, host } = await rpc.call('getTokenAccountsByOwner', [
    owner,
    { programId: program },
    { encoding: 'jsonParsed', commitment: 'confirmed' },
  ]);
  const { value } = (result ?? {}) as { value?: readonly ListedAccount[] };
  if (!Array.isArray(value)) {
    throw new HotslotError('RPC_FAILED', { context: { host, method: 'getTokenAccountsByOwner' } });
  }
  return value.flatMap(({ pubkey, account }: ListedAccount) => {
    const info = account.data.parsed?.info;
    if (info === undefined) return [];
    return {
      account: pubkey,
      mint: info.mint,
      program,
      amount: BigInt(info.tokenAmount.amount),
      decimals: info.tokenAmount.decimals,
      isFrozen: info.state === 'frozen',
    };
  });
}
