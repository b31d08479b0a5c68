/** Puts the constant-product pools of a market into a genesis, at the addresses that the program itself derives. */
import { base58 } from '@scure/base';
import { type AccountSet, programAccount } from './accounts.js';
import { CPMM_PROGRAM, TOKEN_PROGRAM } from './addresses.js';
import {
  ammConfigAddress,
  ammConfigData,
  cpmmAddress,
  observationStateData,
  poolStateData,
} from './cpmm-layouts.js';
import { deriveAddress } from './keys.js';
import { type PlannedMint, type PlannedPool, unitsWorth } from './market-plan.js';
import type { MintLedger } from './mint-ledger.js';
import type { ProgramAddress } from './program-address.js';
import { mintData } from './token-layouts.js';
import type { GenesisPool } from './types.js';

const LP_MINT_DECIMALS = 9;
/** Trade fee of config 0 (0.25%) and config 1 (1%), in millionths; the other rates are mainnet's. */
const TRADE_FEE_RATES = [2_500n, 10_000n] as const;
const PROTOCOL_FEE_RATE = 120_000n;
const FUND_FEE_RATE = 40_000n;
const CREATOR_FEE_RATE = 500n;

/** Integer square root by Newton's method: the program's own measure of a new pool's shares. */
function integerSquareRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let x = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (x + value / x) >> 1n;
    if (next >= x) return x;
    x = next;
  }
}

export function putAmmConfigs(accounts: AccountSet, seed: string): string[] {
  const protocolOwner = deriveAddress(seed, 'protocol-owner');
  const fundOwner = deriveAddress(seed, 'fund-owner');
  return TRADE_FEE_RATES.map((tradeFeeRate, index) => {
    const { address, bump } = ammConfigAddress(index);
    const data = ammConfigData({
      bump,
      index,
      tradeFeeRate,
      protocolFeeRate: PROTOCOL_FEE_RATE,
      fundFeeRate: FUND_FEE_RATE,
      creatorFeeRate: CREATOR_FEE_RATE,
      protocolOwner,
      fundOwner,
    });
    accounts.put(address, programAccount(CPMM_PROGRAM, data));
    return address;
  });
}

/** Token 0 is the mint whose bytes are the smaller ones, as the program demands. */
function inOrder(plan: PlannedPool): [PlannedMint, PlannedMint] {
  const [a, b] = [plan.mintA, plan.mintB];
  return Buffer.compare(base58.decode(a.address), base58.decode(b.address)) < 0 ? [a, b] : [b, a];
}

/** Pool state, vaults, LP mint and observation account of one pool. */
export function putPool(
  accounts: AccountSet,
  ledger: MintLedger,
  plan: PlannedPool,
  ammConfig: string,
  creator: string,
  authority: ProgramAddress,
): GenesisPool {
  const [mint0, mint1] = inOrder(plan);
  const key = (address: string): Uint8Array => base58.decode(address);
  const address = cpmmAddress('pool', key(ammConfig), key(mint0.address), key(mint1.address));
  const poolKey = key(address);
  const token0Vault = cpmmAddress('pool_vault', poolKey, key(mint0.address));
  const token1Vault = cpmmAddress('pool_vault', poolKey, key(mint1.address));
  const lpMint = cpmmAddress('pool_lp_mint', poolKey);
  const observation = cpmmAddress('observation', poolKey);
  const amount0 = unitsWorth(mint0, plan.depthUsd);
  const amount1 = unitsWorth(mint1, plan.depthUsd);
  const lpSupply = integerSquareRoot(amount0 * amount1);

  ledger.putAccount(token0Vault, mint0, authority.address, amount0);
  ledger.putAccount(token1Vault, mint1, authority.address, amount1);
  const lpMintData = mintData(LP_MINT_DECIMALS, lpSupply, authority.address);
  accounts.put(lpMint, programAccount(TOKEN_PROGRAM, lpMintData));
  accounts.put(observation, programAccount(CPMM_PROGRAM, observationStateData(poolKey)));
  const state = poolStateData({
    ammConfig,
    creator,
    token0Vault,
    token1Vault,
    lpMint,
    token0Mint: mint0.address,
    token1Mint: mint1.address,
    token0Program: mint0.tokenProgram,
    token1Program: mint1.tokenProgram,
    observation,
    authorityBump: authority.bump,
    lpMintDecimals: LP_MINT_DECIMALS,
    mint0Decimals: mint0.decimals,
    mint1Decimals: mint1.decimals,
    lpSupply,
    creatorFeeOn: plan.creatorFeeOn ?? 0,
    creatorFeeEnabled: plan.creatorFeeOn !== undefined,
  });
  accounts.put(address, programAccount(CPMM_PROGRAM, state));
  return {
    address,
    ammConfig,
    observation,
    token0Mint: mint0.address,
    token1Mint: mint1.address,
    token0Vault,
    token1Vault,
  };
}
