/** What a new ledger starts with. Deterministic: the same options give the same bytes. */
import type { AccountState } from '../engine/messages.js';

export interface GenesisMint {
  readonly address: string;
  readonly symbol: string;
  readonly decimals: number;
  /** Token or Token-2022 program id. */
  readonly tokenProgram: string;
  /** Basis points, for the Token-2022 mint with a transfer fee. */
  readonly transferFeeBps?: number;
}

export interface GenesisPool {
  readonly address: string;
  readonly ammConfig: string;
  readonly observation: string;
  readonly token0Mint: string;
  readonly token1Mint: string;
  readonly token0Vault: string;
  readonly token1Vault: string;
}

export interface GenesisWallet {
  readonly address: string;
  /** 64 bytes (seed and public key), only for wallets that the seed made; never for `fund`ed ones. */
  readonly secretKey?: Uint8Array;
}

export interface Genesis {
  readonly accounts: readonly { readonly address: string; readonly account: AccountState }[];
  readonly programs: readonly { readonly id: string; readonly bytes: Uint8Array }[];
  readonly mints: readonly GenesisMint[];
  readonly pools: readonly GenesisPool[];
  /** `--wallets N`, made from the seed. */
  readonly wallets: readonly GenesisWallet[];
  /** Addresses given by `--fund`: SOL and every mint. */
  readonly funded: readonly string[];
  readonly lookupTables: readonly string[];
  /** Pays airdrops. */
  readonly faucet: GenesisWallet;
  /** Sign the background market's swaps. */
  readonly traders: readonly GenesisWallet[];
  readonly validators: readonly {
    readonly identity: string;
    readonly vote: string;
    readonly stakeLamports: bigint;
  }[];
}

export interface GenesisOptions {
  /** Any string; the same seed gives the same keys and accounts. */
  readonly seed: string;
  /** At least 1; default 8. */
  readonly pools: number;
  readonly wallets: number;
  readonly fund: readonly string[];
  readonly programs: readonly { readonly id: string; readonly file: string }[];
  readonly accountDirs: readonly string[];
  readonly traders: number;
}
