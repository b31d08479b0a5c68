/** Builds what a new ledger starts with: see types.ts for the parts, market-plan.ts for the mints and pools. */
import { isAddress, readAccountDir } from './account-files.js';
import { AccountSet, programAccount } from './accounts.js';
import {
  ASSOCIATED_TOKEN_PROGRAM,
  CPMM_PROGRAM,
  LOOKUP_TABLE_PROGRAM,
  NATIVE_MINT,
  SYSTEM_PROGRAM,
  TOKEN_2022_PROGRAM,
  TOKEN_PROGRAM,
} from './addresses.js';
import { vaultAuthority } from './cpmm-layouts.js';
import { deriveAddress, deriveWallet } from './keys.js';
import { findLoadedPools } from './loaded-pools.js';
import { lookupTableData, planLookupTables } from './lookup-table.js';
import { type PlannedMint, planMarket, unitsWorth } from './market-plan.js';
import { MintLedger } from './mint-ledger.js';
import { putAmmConfigs, putPool } from './pools.js';
import { readPrograms } from './program-files.js';
import type { Genesis, GenesisOptions, GenesisPool, GenesisWallet } from './types.js';

const LAMPORTS_PER_SOL = 1_000_000_000n;
const FAUCET_LAMPORTS = 500_000_000n * LAMPORTS_PER_SOL;
const WALLET_LAMPORTS = 10_000n * LAMPORTS_PER_SOL;
const VALIDATOR_LAMPORTS = 100n * LAMPORTS_PER_SOL;
/** What a wallet holds of every mint, wrapped SOL included. */
const WALLET_WORTH_USD = 1_000_000n;
/** Background traders trade for as long as a cluster runs. */
const TRADER_WORTH_USD = 20_000_000n;
/** Stakes decide how often each leads, so they differ. */
const VALIDATOR_STAKES_SOL = [400_000n, 300_000n, 200_000n, 100_000n] as const;

const MAX_POOLS = 512;
const MAX_WALLETS = 512;

function checkCount(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new Error(`${name} must be a whole number from ${least} to ${most}, not ${value}`);
  }
}

function checkOptions(options: GenesisOptions): void {
  checkCount('pools', options.pools, 1, MAX_POOLS);
  checkCount('wallets', options.wallets, 0, MAX_WALLETS);
  checkCount('traders', options.traders, 0, MAX_WALLETS);
  for (const address of options.fund) {
    if (!isAddress(address)) throw new Error(`cannot fund ${address}: not a base58 address`);
  }
}

function makeWallets(seed: string, label: string, count: number): Required<GenesisWallet>[] {
  return Array.from({ length: count }, (_, i) => deriveWallet(seed, `${label}-${i + 1}`));
}

/** SOL and an associated account of every mint. */
function fundWallet(
  accounts: AccountSet,
  ledger: MintLedger,
  mints: readonly PlannedMint[],
  address: string,
  worthUsd: bigint,
): void {
  accounts.put(address, programAccount(SYSTEM_PROGRAM, new Uint8Array(0), WALLET_LAMPORTS));
  for (const mint of mints) ledger.putAssociated(mint, address, unitsWorth(mint, worthUsd));
}

function putValidators(accounts: AccountSet, seed: string): Genesis['validators'] {
  return VALIDATOR_STAKES_SOL.map((stakeSol, i) => {
    const identity = deriveAddress(seed, `validator-${i + 1}-identity`);
    accounts.put(identity, programAccount(SYSTEM_PROGRAM, new Uint8Array(0), VALIDATOR_LAMPORTS));
    const vote = deriveAddress(seed, `validator-${i + 1}-vote`);
    return { identity, vote, stakeLamports: stakeSol * LAMPORTS_PER_SOL };
  });
}

function putLookupTables(
  accounts: AccountSet,
  seed: string,
  pools: readonly GenesisPool[],
  authority: string,
): string[] {
  const common = [
    CPMM_PROGRAM,
    vaultAuthority().address,
    TOKEN_PROGRAM,
    TOKEN_2022_PROGRAM,
    ASSOCIATED_TOKEN_PROGRAM,
    SYSTEM_PROGRAM,
    NATIVE_MINT,
  ];
  const groups = pools.map((pool) => Object.values(pool) as string[]);
  return planLookupTables(common, groups).map((addresses, i) => {
    const address = deriveAddress(seed, `lookup-table-${i + 1}`);
    const data = lookupTableData(addresses, authority);
    accounts.put(address, programAccount(LOOKUP_TABLE_PROGRAM, data));
    return address;
  });
}

/**
 * The accounts, programs and keys of a new ledger. Loaded accounts replace made ones at the same address.
 * Throws Error with a sentence for the operator where an option or a file is bad.
 */
export function buildGenesis(options: GenesisOptions): Genesis {
  checkOptions(options);
  const { seed } = options;
  const programs = readPrograms(options.programs);
  const loaded = options.accountDirs.flatMap(readAccountDir);
  const accounts = new AccountSet();
  const ledger = new MintLedger(accounts);
  const market = planMarket(seed, options.pools);

  const faucet = deriveWallet(seed, 'faucet');
  accounts.put(faucet.address, programAccount(SYSTEM_PROGRAM, new Uint8Array(0), FAUCET_LAMPORTS));
  const validators = putValidators(accounts, seed);

  const wallets = makeWallets(seed, 'wallet', options.wallets);
  const traders = makeWallets(seed, 'trader', options.traders);
  const made = new Set([...wallets, ...traders].map(({ address }) => address));
  const funded = [...new Set(options.fund)].filter((address) => !made.has(address));
  for (const { address } of traders) fundWallet(accounts, ledger, market.mints, address, TRADER_WORTH_USD);
  for (const address of [...wallets.map((wallet) => wallet.address), ...funded]) {
    fundWallet(accounts, ledger, market.mints, address, WALLET_WORTH_USD);
  }

  const configs = putAmmConfigs(accounts, seed);
  const creator = deriveAddress(seed, 'pool-creator');
  const authority = vaultAuthority();
  const ownPools = market.pools.map((plan) =>
    putPool(accounts, ledger, plan, configs[plan.configIndex]!, creator, authority),
  );
  ledger.putMints(market.mints, faucet.address);
  for (const { address, account } of loaded) accounts.put(address, account);
  // A snapshot of a pool that the market has as well (the same mints and config) has its address, and took its place.
  const own = new Set(ownPools.map(({ address }) => address));
  const pools = [
    ...ownPools,
    ...findLoadedPools(loaded, accounts).filter(({ address }) => !own.has(address)),
  ];
  const lookupTables = putLookupTables(accounts, seed, pools, faucet.address);

  const mints = market.mints.map(({ priceMicroUsd: _, ...mint }) => mint);
  const list = accounts.list();
  return {
    accounts: list,
    programs,
    mints,
    pools,
    wallets,
    funded,
    lookupTables,
    faucet,
    traders,
    validators,
  };
}
