/** An instruction before it is compiled into a message. */
import type { Address } from '../model/brands.js';

export interface AccountMeta {
  readonly address: Address;
  readonly signer: boolean;
  readonly writable: boolean;
}

export interface Instruction {
  readonly programId: Address;
  readonly accounts: readonly AccountMeta[];
  readonly data: Uint8Array;
}

/** An address lookup table as it is on chain and usable (confirmed, not deactivated). */
export interface LookupTable {
  readonly address: Address;
  readonly addresses: readonly Address[];
}
