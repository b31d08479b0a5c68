/**
 * The head's ancestry: which blockhashes are alive, which signatures are taken. Rolling back drops blocks from
 * its end, and everything that depends on them follows by itself.
 */
import { base58 } from '@scure/base';
import type { SlotHashEntry } from './runtime.js';

/** A hash serves as long as at most this many blocks stand on top of its own: 151 hashes at any time. */
export const MAX_BLOCKHASH_AGE_BLOCKS = 150;
/** As many as SlotHashes lists. Longer than the life of a blockhash, so that no signature is forgotten early. */
const MAX_KEPT_BLOCKS = 512;

export interface ChainBlock {
  readonly slot: number;
  readonly parentSlot: number;
  readonly height: number;
  readonly blockhash: string;
  /** Unix seconds. */
  readonly blockTime: number;
  /** Will be lost with its fork; known from its start, because the cluster plans its own misfortune. */
  readonly doomed: boolean;
  /** Signatures that landed in it. */
  readonly signatures: readonly string[];
  confirmed: boolean;
  finalized: boolean;
}

export class Chain {
  private readonly blocks: ChainBlock[] = [];
  private readonly hashBytes = new Map<string, Uint8Array>();
  private readonly byHash = new Map<string, ChainBlock>();
  private readonly seen = new Map<string, number>();

  constructor(blocks: readonly ChainBlock[]) {
    if (blocks.length === 0) throw new Error('A chain needs a first block');
    for (const block of blocks) this.append(block);
  }

  head(): ChainBlock {
    return this.blocks.at(-1)!;
  }

  /** Oldest first. */
  all(): readonly ChainBlock[] {
    return this.blocks;
  }

  append(block: ChainBlock): void {
    this.blocks.push(block);
    this.byHash.set(block.blockhash, block);
    this.hashBytes.set(block.blockhash, base58.decode(block.blockhash));
    for (const signature of block.signatures) this.seen.set(signature, block.slot);
    if (this.blocks.length > MAX_KEPT_BLOCKS) this.forget(this.blocks.shift()!);
  }

  /** Drops the newest block and answers it. The first one stays. */
  pop(): ChainBlock {
    if (this.blocks.length < 2) throw new Error('The first block cannot be rolled back');
    const block = this.blocks.pop()!;
    this.forget(block);
    return block;
  }

  /** Whether a transaction with this hash may go into the block on top of the head. */
  isAlive(blockhash: string): boolean {
    const block = this.byHash.get(blockhash);
    return block !== undefined && this.head().height - block.height <= MAX_BLOCKHASH_AGE_BLOCKS;
  }

  hasSignature(signature: string): boolean {
    return this.seen.has(signature);
  }

  /** Newest first, for the SlotHashes sysvar. */
  slotHashes(): SlotHashEntry[] {
    return this.blocks
      .map((block) => ({ slot: block.slot, hash: this.hashBytes.get(block.blockhash)! }))
      .reverse();
  }

  bytesOf(block: ChainBlock): Uint8Array {
    return this.hashBytes.get(block.blockhash)!;
  }

  isRecentSlot(slot: bigint): boolean {
    return this.blocks.some((block) => BigInt(block.slot) === slot);
  }

  private forget(block: ChainBlock): void {
    this.byHash.delete(block.blockhash);
    this.hashBytes.delete(block.blockhash);
    for (const signature of block.signatures) {
      if (this.seen.get(signature) === block.slot) this.seen.delete(signature);
    }
  }
}
