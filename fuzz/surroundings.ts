/** What generators know of the system they are aimed at; the same for every run of one seed but for its addresses. */

export interface Surroundings {
  /** Keeps client order ids of two runs on one executor apart. */
  readonly run: string;
  readonly pools: readonly {
    readonly address: string;
    readonly token0Mint: string;
    readonly token1Mint: string;
  }[];
  readonly mints: readonly string[];
  readonly lookupTables: readonly string[];
  /** Names or addresses of trading keys. */
  readonly wallets: readonly string[];
  readonly tokens: { readonly admin: string; readonly trade: string; readonly read: string };
  /** Of a wallet of the fuzzer's own that the cluster has funded: its transactions may land. */
  readonly signer: Signer;
  /** A hash that the cluster takes now, base58. */
  recentBlockhash(): string;
  /** A signature that the cluster has seen, base58. */
  knownSignature(): string;
  currentSlot(): number;
}

export interface Signer {
  /** 32 bytes. */
  readonly publicKey: Buffer;
  readonly address: string;
  sign(message: Uint8Array): Buffer;
}
