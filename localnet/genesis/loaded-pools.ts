/** Pools that came in with `--accounts`: usable ones are listed beside the genesis's own. */
import { base58 } from '@scure/base';
import type { AccountSet, GenesisAccount } from './accounts.js';
import { CPMM_PROGRAM } from './addresses.js';
import { accountDiscriminator, POOL_STATE_LENGTH } from './cpmm-layouts.js';
import type { GenesisPool } from './types.js';

const KEYS_OFFSET = 8;
const KEY_LENGTH = 32;

/** Positions of the keys among the ten at the head of a PoolState. */
const FIELD = {
  ammConfig: 0,
  token0Vault: 2,
  token1Vault: 3,
  token0Mint: 5,
  token1Mint: 6,
  observation: 9,
} as const;

function readPool({ address, account }: GenesisAccount): GenesisPool {
  const key = (field: keyof typeof FIELD): string => {
    const at = KEYS_OFFSET + FIELD[field] * KEY_LENGTH;
    return base58.encode(account.data.subarray(at, at + KEY_LENGTH));
  };
  return {
    address,
    ammConfig: key('ammConfig'),
    observation: key('observation'),
    token0Mint: key('token0Mint'),
    token1Mint: key('token1Mint'),
    token0Vault: key('token0Vault'),
    token1Vault: key('token1Vault'),
  };
}

/** The constant-product pools among the loaded accounts whose every part is in the genesis. */
export function findLoadedPools(loaded: readonly GenesisAccount[], accounts: AccountSet): GenesisPool[] {
  const discriminator = Buffer.from(accountDiscriminator('PoolState'));
  return loaded
    .filter(
      ({ account }) =>
        account.owner === CPMM_PROGRAM &&
        account.data.length === POOL_STATE_LENGTH &&
        discriminator.equals(account.data.subarray(0, discriminator.length)),
    )
    .map(readPool)
    .filter((pool) => Object.values(pool).every((address: string) => accounts.has(address)));
}
