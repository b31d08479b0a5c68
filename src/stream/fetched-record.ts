/** Accounts that were read over RPC beside the stream, as a recording keeps them: what it started from, and repairs. */
import type { Address, Slot } from '../model/brands.js';
import { asAddress, asSlot } from '../model/brands.js';
import { damaged } from './recording-format.js';

export interface FetchedAccount {
  readonly lamports: bigint;
  readonly owner: Address;
  readonly data: Uint8Array;
}

export interface FetchedAccounts {
  /** The node's slot when it answered. */
  readonly contextSlot: Slot;
  readonly addresses: readonly Address[];
  /** In the order of the addresses; undefined where an account does not exist. */
  readonly accounts: readonly (FetchedAccount | undefined)[];
}

interface Line {
  readonly contextSlot: number;
  readonly accounts: readonly {
    readonly address: string;
    readonly owner?: string;
    readonly lamports?: string;
    readonly data?: string;
  }[];
}

/** JSON in UTF-8, data as base64. */
export function encodeFetched({ contextSlot, addresses, accounts }: FetchedAccounts): Buffer {
  const line: Line = {
    contextSlot,
    accounts: addresses.map((address, index) => {
      const account = accounts[index];
      if (account === undefined) return { address };
      const { owner, lamports, data } = account;
      return { address, owner, lamports: String(lamports), data: Buffer.from(data).toString('base64') };
    }),
  };
  return Buffer.from(JSON.stringify(line));
}

/** @throws HotslotError STREAM_FAILED where it is none */
export function decodeFetched(payload: Uint8Array): FetchedAccounts {
  try {
    const line = JSON.parse(Buffer.from(payload).toString('utf8')) as Line;
    return {
      contextSlot: asSlot(line.contextSlot),
      addresses: line.accounts.map(({ address }) => asAddress(address)),
      accounts: line.accounts.map(({ owner, lamports, data }) =>
        owner === undefined
          ? undefined
          : {
              owner: asAddress(owner),
              lamports: BigInt(lamports ?? 0),
              data: Buffer.from(data ?? '', 'base64'),
            },
      ),
    };
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof TypeError)) throw cause;
    throw damaged('a record of fetched accounts has another form');
  }
}
