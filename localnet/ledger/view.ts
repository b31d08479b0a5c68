/** The read side over the store. A view may lag: then every commitment is that many slots older. */
import type { Commitment, ExecutedTransaction } from '../engine/messages.js';
import { blockFees } from './prioritization-fees.js';
import type { FrozenSlot } from './slot-chain.js';
import { type LedgerStore, RECENT_SLOTS } from './store.js';
import type { AccountAtSlot, BlockhashInfo, Ledger, LedgerBlock, SignatureStatus } from './types.js';

/** A hash may be used while at most this many blocks are on top of it: 151 hashes are valid at any moment. */
export const BLOCKHASH_MAX_AGE_BLOCKS = 150;
/** Agave's rent: 3,480 lamports a byte and year, two years, and 128 bytes of overhead an account. */
const RENT_EXEMPT_LAMPORTS_PER_BYTE = 6_960n;
const ACCOUNT_OVERHEAD_BYTES = 128;
/** getRecentPrioritizationFees looks back this many blocks. */
const FEE_BLOCKS = 150;

/** What does not change with the chain. */
export interface LedgerFacts {
  readonly genesisHash: string;
  readonly leaderOf: (slot: number) => string;
  readonly validators: ReturnType<Ledger['validators']>;
  readonly slotsPerEpoch: number;
}

export class LedgerView implements Ledger {
  readonly genesisHash: string;
  readonly #store: LedgerStore;
  readonly #facts: LedgerFacts;
  readonly #lagSlots: number;

  constructor(store: LedgerStore, facts: LedgerFacts, lagSlots = 0) {
    this.genesisHash = facts.genesisHash;
    this.#store = store;
    this.#facts = facts;
    this.#lagSlots = lagSlots;
  }

  behind(slots: number): Ledger {
    if (!Number.isInteger(slots) || slots < 0 || slots > RECENT_SLOTS) {
      throw new RangeError(`a view can be 0 to ${RECENT_SLOTS} slots behind, not ${slots}`);
    }
    return slots === 0 ? this : new LedgerView(this.#store, this.#facts, slots);
  }

  slot(commitment: Commitment): number {
    return this.#head(commitment).slot;
  }

  tipSlot(): number {
    return this.#store.tipSlot;
  }

  blockHeight(commitment: Commitment): number {
    return this.#head(commitment).block.blockHeight;
  }

  transactionCount(commitment: Commitment): number {
    return this.#head(commitment).transactionsTotal;
  }

  account(address: string, commitment: Commitment): AccountAtSlot | undefined {
    return this.#store.accounts.read(address, this.slot(commitment));
  }

  accountsByOwner(owner: string, commitment: Commitment): readonly AccountAtSlot[] {
    return this.#store.accounts.byOwner(owner, this.slot(commitment));
  }

  tokenAccountsByWallet(wallet: string, commitment: Commitment): readonly AccountAtSlot[] {
    return this.#store.accounts.byWallet(wallet, this.slot(commitment));
  }

  tokenAccountsByMint(mint: string, commitment: Commitment): readonly AccountAtSlot[] {
    return this.#store.accounts.byMint(mint, this.slot(commitment));
  }

  latestBlockhash(commitment: Commitment): BlockhashInfo {
    return hashInfo(this.#head(commitment));
  }

  isBlockhashValid(blockhash: string, commitment: Commitment): boolean {
    const record = this.#store.chain.byHash(blockhash);
    const head = this.#head(commitment);
    if (record === undefined || record.slot > head.slot) return false;
    return head.block.blockHeight - record.block.blockHeight <= BLOCKHASH_MAX_AGE_BLOCKS;
  }

  blockhashInfo(blockhash: string, commitment: Commitment): BlockhashInfo | undefined {
    const record = this.#store.chain.byHash(blockhash);
    return record === undefined || record.slot > this.slot(commitment) ? undefined : hashInfo(record);
  }

  signatureStatus(signature: string, searchHistory: boolean): SignatureStatus | undefined {
    const stored = this.#store.bySignature.get(signature);
    const head = this.#head('processed');
    if (stored === undefined || stored.slot > head.slot) return undefined;
    const root = this.slot('finalized');
    if (!searchHistory && stored.slot <= root - RECENT_SLOTS) return undefined;
    const block = this.#store.chain.at(stored.slot)?.block;
    if (block === undefined) return undefined;
    const { slot, err } = stored;
    if (slot <= root) return { slot, err, commitment: 'finalized', confirmations: null };
    const commitment = slot <= this.slot('confirmed') ? 'confirmed' : 'processed';
    return { slot, err, commitment, confirmations: head.block.blockHeight - block.blockHeight };
  }

  transaction(signature: string, commitment: Commitment): ExecutedTransaction | undefined {
    const stored = this.#store.bySignature.get(signature);
    return stored === undefined || stored.slot > this.slot(commitment) ? undefined : stored.read();
  }

  signaturesForAddress(
    address: string,
    options: Parameters<Ledger['signaturesForAddress']>[1],
  ): readonly ExecutedTransaction[] {
    const { before, until, limit, commitment } = options;
    const newest = this.slot(commitment);
    const from = before === undefined ? undefined : this.#store.bySignature.get(before);
    const to = until === undefined ? undefined : this.#store.bySignature.get(until);
    // A signature that nobody knows bounds nothing off: nothing can be said to lie before it.
    if (before !== undefined && from === undefined) return [];
    const found: ExecutedTransaction[] = [];
    for (const stored of this.#store.byAddress.get(address)?.newestFirst() ?? []) {
      if (found.length >= limit || (to !== undefined && !isAfter(stored, to))) break;
      if (stored.slot > newest || (from !== undefined && !isAfter(from, stored))) continue;
      found.push(stored.read());
    }
    return found;
  }

  block(slot: number, commitment: Commitment): LedgerBlock | undefined {
    if (slot > this.slot(commitment)) return undefined;
    const record = this.#store.chain.at(slot);
    return record && ledgerBlock(record);
  }

  anyBlock(slot: number): LedgerBlock | undefined {
    const record = this.#store.slots.get(slot);
    if (record?.block === undefined || (record.state !== 'frozen' && record.state !== 'lost'))
      return undefined;
    return ledgerBlock(record as FrozenSlot);
  }

  slotGap(slot: number): 'skipped' | 'pruned' | 'future' | 'none' {
    if (slot > this.slot('processed')) return 'future';
    if (slot < this.firstAvailableBlock()) return 'pruned';
    return this.#store.chain.at(slot) === undefined ? 'skipped' : 'none';
  }

  firstAvailableBlock(): number {
    return this.#store.chain.first.slot;
  }

  leader(slot: number): string {
    return this.#facts.leaderOf(slot);
  }

  validators(): ReturnType<Ledger['validators']> {
    return this.#facts.validators;
  }

  slotsPerEpoch(): number {
    return this.#facts.slotsPerEpoch;
  }

  recentPrioritizationFees(
    writableAccounts: readonly string[],
  ): ReturnType<Ledger['recentPrioritizationFees']> {
    const { chain } = this.#store;
    const newest = chain.indexAt(this.slot('confirmed'));
    return chain.slice(newest + 1 - FEE_BLOCKS, newest + 1).map((record) => {
      record.fees ??= blockFees(record.transactions.map((stored) => stored.read()));
      let prioritizationFee = record.fees.minimum;
      for (const address of writableAccounts) {
        prioritizationFee = Math.max(prioritizationFee, record.fees.byWrittenAccount.get(address) ?? 0);
      }
      return { slot: record.slot, prioritizationFee };
    });
  }

  minimumBalanceForRentExemption(dataLength: number): bigint {
    return BigInt(dataLength + ACCOUNT_OVERHEAD_BYTES) * RENT_EXEMPT_LAMPORTS_PER_BYTE;
  }

  #head(commitment: Commitment): FrozenSlot {
    const { chain, confirmedSlot, rootSlot } = this.#store;
    const newest =
      commitment === 'finalized' ? rootSlot : commitment === 'confirmed' ? confirmedSlot : chain.head.slot;
    return chain.newestAt(newest - this.#lagSlots);
  }
}

function hashInfo({ slot, block }: FrozenSlot): BlockhashInfo {
  const { blockhash, blockHeight } = block;
  return { blockhash, slot, blockHeight, lastValidBlockHeight: blockHeight + BLOCKHASH_MAX_AGE_BLOCKS };
}

/** Its transactions are read when they are asked for: most callers want to know of the block only. */
function ledgerBlock(record: FrozenSlot): LedgerBlock {
  let transactions: readonly ExecutedTransaction[] | undefined;
  return {
    info: record.block,
    get transactions() {
      transactions ??= record.transactions.map((stored) => stored.read());
      return transactions;
    },
  };
}

/** True when `left` comes after `right` in the ledger. */
function isAfter(
  left: { readonly slot: number; readonly index: number },
  right: { readonly slot: number; readonly index: number },
): boolean {
  return left.slot > right.slot || (left.slot === right.slot && left.index > right.index);
}
