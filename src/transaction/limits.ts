/** What a transaction may be at most, in one table. Sources: the packet size of the cluster, and its feature set. */
export const LIMITS = {
  /** Signatures and message together, legacy and v0. */
  transactionBytes: 1232,
  /** Accounts locked, those from lookup tables included; 128 once `increase_tx_account_lock_limit` is on. */
  accountLocks: 64,
  /** Compute units that a transaction may request. */
  computeUnits: 1_400_000,
  /** Entries of one lookup table: indexes are one byte. */
  lookupTableEntries: 256,
} as const;
