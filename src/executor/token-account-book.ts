import type { Address } from '../model/brands.js';
import { associatedTokenAddress } from '../transaction/associated-token.js';

/** Addresses kept; a wallet has one for each mint. */
const MAX_ADDRESSES = 65_536;

/** Associated token addresses, each derived once: a derivation takes several hashes and curve checks. */
export class TokenAccountBook {
  readonly #byWallet = new Map<Address, Map<Address, Address>>();
  #count = 0;

  addressOf(wallet: Address, mint: Address, tokenProgram: Address): Address {
    let byMint = this.#byWallet.get(wallet);
    const known = byMint?.get(mint);
    if (known !== undefined) return known;
    if (this.#count >= MAX_ADDRESSES) {
      this.#byWallet.clear();
      this.#count = 0;
      byMint = undefined;
    }
    if (byMint === undefined) {
      byMint = new Map();
      this.#byWallet.set(wallet, byMint);
    }
    const address = associatedTokenAddress(wallet, mint, tokenProgram);
    byMint.set(mint, address);
    this.#count += 1;
    return address;
  }
}
