/** What a genesis holds: read back by a library that is not ours, and by the numbers that were asked for. */

import {
  AccountLayout,
  getAssociatedTokenAddressSync,
  getTransferFeeConfig,
  MintLayout,
  unpackAccount,
  unpackMint,
} from '@solana/spl-token';
import { AddressLookupTableAccount, PublicKey } from '@solana/web3.js';
import { describe, expect, test } from 'vitest';
import type { AccountState } from '../../localnet/engine/messages.js';
import {
  CPMM_PROGRAM,
  NATIVE_MINT,
  RUNBOOK_MINT,
  TOKEN_2022_PROGRAM,
} from '../../localnet/genesis/addresses.js';
import { buildGenesis } from '../../localnet/genesis/build-genesis.js';
import { isOnCurve } from '../../localnet/genesis/program-address.js';
import type { GenesisOptions } from '../../localnet/genesis/types.js';

const options: GenesisOptions = {
  seed: 'accounts',
  pools: 8,
  wallets: 3,
  traders: 2,
  fund: [],
  programs: [],
  accountDirs: [],
};
const genesis = buildGenesis(options);
const byAddress = new Map(genesis.accounts.map(({ address, account }) => [address, account]));

function info(account: AccountState) {
  return {
    data: Buffer.from(account.data),
    owner: new PublicKey(account.owner),
    executable: account.executable,
    lamports: Number(account.lamports),
  };
}

function tokenAccount(address: string) {
  const account = byAddress.get(address)!;
  return unpackAccount(new PublicKey(address), info(account), new PublicKey(account.owner));
}

describe('determinism', () => {
  test('the same seed gives the same bytes, another seed other keys', () => {
    expect(buildGenesis(options)).toEqual(genesis);
    const other = buildGenesis({ ...options, seed: 'other' });
    expect(other.wallets[0]!.address).not.toBe(genesis.wallets[0]!.address);
    expect(other.faucet.address).not.toBe(genesis.faucet.address);
  });

  test('more wallets leave the first ones as they were', () => {
    const more = buildGenesis({ ...options, wallets: 5 });
    expect(more.wallets.slice(0, 3)).toEqual(genesis.wallets);
  });

  test('a secret key is the seed and its public key', () => {
    for (const { address, secretKey } of [...genesis.wallets, ...genesis.traders, genesis.faucet]) {
      expect(new PublicKey(secretKey!.subarray(32)).toBase58()).toBe(address);
      expect(secretKey!.length).toBe(64);
    }
  });
});

describe('mints and wallets', () => {
  test('there are mints of 6 and 9 decimals, the runbook’s, and one with a transfer fee', () => {
    expect(new Set(genesis.mints.map(({ decimals }) => decimals))).toEqual(new Set([6, 9]));
    expect(genesis.mints.map(({ address }) => address)).toEqual(
      expect.arrayContaining([NATIVE_MINT, RUNBOOK_MINT]),
    );
    const taxed = genesis.mints.filter(({ tokenProgram }) => tokenProgram === TOKEN_2022_PROGRAM);
    expect(taxed).toHaveLength(1);
    const mint = unpackMint(
      new PublicKey(taxed[0]!.address),
      info(byAddress.get(taxed[0]!.address)!),
      new PublicKey(TOKEN_2022_PROGRAM),
    );
    expect(getTransferFeeConfig(mint)!.newerTransferFee.transferFeeBasisPoints).toBe(
      taxed[0]!.transferFeeBps,
    );
  });

  test('a mint’s supply is what its accounts hold', () => {
    const sums = new Map<string, bigint>();
    for (const { account } of genesis.accounts) {
      if (
        account.data.length < AccountLayout.span ||
        !genesis.mints.some((m) => m.tokenProgram === account.owner)
      )
        continue;
      if (account.data.length > AccountLayout.span && account.data[165] !== 2) continue;
      const { mint, amount } = AccountLayout.decode(account.data);
      sums.set(mint.toBase58(), (sums.get(mint.toBase58()) ?? 0n) + amount);
    }
    for (const { address } of genesis.mints.filter((mint) => mint.address !== NATIVE_MINT)) {
      expect(MintLayout.decode(byAddress.get(address)!.data).supply).toBe(sums.get(address));
    }
  });

  test('every wallet and trader has SOL and every mint in its associated account', () => {
    for (const { address } of [...genesis.wallets, ...genesis.traders]) {
      expect(byAddress.get(address)!.lamports).toBeGreaterThan(1_000_000_000_000n);
      for (const mint of genesis.mints) {
        const program = new PublicKey(mint.tokenProgram);
        const ata = getAssociatedTokenAddressSync(
          new PublicKey(mint.address),
          new PublicKey(address),
          false,
          program,
        );
        const held = tokenAccount(ata.toBase58());
        expect(held.amount).toBeGreaterThan(0n);
        expect(held.owner.toBase58()).toBe(address);
        expect(held.mint.toBase58()).toBe(mint.address);
      }
    }
  });

  test('wrapped SOL is backed by lamports', () => {
    for (const { account } of genesis.accounts) {
      if (account.data.length !== AccountLayout.span) continue;
      const { mint, amount, isNative } = AccountLayout.decode(account.data);
      if (mint.toBase58() !== NATIVE_MINT) continue;
      expect(isNative).toBe(2_039_280n);
      expect(account.lamports).toBe(amount + 2_039_280n);
    }
  });

  test('given addresses are funded, once, and no key is made for them', () => {
    const stranger = new PublicKey(Buffer.alloc(32, 7)).toBase58();
    const funded = buildGenesis({ ...options, fund: [stranger, stranger, genesis.wallets[0]!.address] });
    expect(funded.funded).toEqual([stranger]);
    expect(funded.accounts.length).toBe(genesis.accounts.length + 1 + genesis.mints.length);
  });
});

describe('pools', () => {
  test('there are as many as asked for, no two alike, and they share mints', () => {
    for (const pools of [1, 8, 9, 64]) {
      const made = buildGenesis({ ...options, pools, wallets: 1, traders: 0 });
      expect(new Set(made.pools.map(({ address }) => address)).size).toBe(pools);
      const mints = new Set(made.pools.flatMap(({ token0Mint, token1Mint }) => [token0Mint, token1Mint]));
      expect(mints).toEqual(new Set(made.mints.map(({ address }) => address)));
      if (pools >= 8) expect(mints.size).toBeLessThan(pools * 2);
    }
  });

  test('their accounts are where the program derives them, token 0 first', () => {
    const program = new PublicKey(CPMM_PROGRAM);
    const derive = (...seeds: (string | PublicKey)[]) =>
      PublicKey.findProgramAddressSync(
        seeds.map((seed) => (typeof seed === 'string' ? Buffer.from(seed) : seed.toBuffer())),
        program,
      )[0].toBase58();
    for (const pool of genesis.pools) {
      const key = new PublicKey(pool.address);
      const [mint0, mint1] = [new PublicKey(pool.token0Mint), new PublicKey(pool.token1Mint)];
      expect(mint0.toBuffer().compare(mint1.toBuffer())).toBe(-1);
      expect(derive('pool', new PublicKey(pool.ammConfig), mint0, mint1)).toBe(pool.address);
      expect(derive('pool_vault', key, mint0)).toBe(pool.token0Vault);
      expect(derive('pool_vault', key, mint1)).toBe(pool.token1Vault);
      expect(derive('observation', key)).toBe(pool.observation);
      expect(tokenAccount(pool.token0Vault).owner.toBase58()).toBe(derive('vault_and_lp_mint_auth_seed'));
    }
  });

  test('a trade of 15 dollars hardly moves the price', () => {
    const { token0Vault, token1Vault, token0Mint } = genesis.pools[0]!;
    expect(token0Mint).toBe(NATIVE_MINT);
    expect(tokenAccount(token0Vault).amount / 100_000_000n).toBeGreaterThan(1_000_000n);
    expect(tokenAccount(token1Vault).amount).toBeGreaterThan(0n);
  });
});

describe('lookup tables', () => {
  test('are active and hold every pool’s accounts', () => {
    for (const pools of [8, 64]) {
      const made = buildGenesis({ ...options, pools, wallets: 0, traders: 0 });
      const tables = made.lookupTables.map((address) => {
        const { account } = made.accounts.find((entry) => entry.address === address)!;
        return AddressLookupTableAccount.deserialize(account.data);
      });
      expect(tables.every((table) => table.deactivationSlot === 2n ** 64n - 1n)).toBe(true);
      for (const pool of made.pools) {
        const inOneTable = tables.some(({ addresses }) => {
          const held = new Set(addresses.map((address) => address.toBase58()));
          return Object.values(pool).every((address: string) => held.has(address));
        });
        expect(inOneTable).toBe(true);
      }
    }
  });
});

test('the curve test agrees with web3.js', () => {
  for (let i = 0; i < 300; i += 1) {
    const bytes = Buffer.alloc(32, i);
    bytes.writeUInt32LE((i * 2_654_435_761) % 2 ** 32, 8);
    expect(isOnCurve(bytes)).toBe(PublicKey.isOnCurve(bytes));
  }
});
