/** Blockhashes that may be signed on: those of confirmed blocks. */
import { asBlockHeight } from '../model/brands.js';
import type { SlotTree } from './slot-tree.js';
import type { BlockhashEntry, BlockhashView } from './types.js';

/** Blocks for which a hash stays valid after its own. */
export const BLOCKHASH_VALIDITY_BLOCKS = 150;
/** Hashes kept: all that can be valid, and some that a late question may name. */
const MAX_ENTRIES = 300;

export class BlockhashCache implements BlockhashView {
  readonly #tree: SlotTree;
  /** By rising height. */
  #entries: BlockhashEntry[] = [];

  constructor(tree: SlotTree) {
    this.#tree = tree;
  }

  newest(): BlockhashEntry | undefined {
    return this.#entries.at(-1);
  }

  withValidity(validityBlocks: number): BlockhashEntry | undefined {
    const newest = this.newest();
    if (newest === undefined) return undefined;
    const most = newest.blockHeight + validityBlocks;
    return this.#entries.findLast((entry) => entry.lastValidBlockHeight <= most);
  }

  /** Reads the confirmed chain again; true where a newer hash became usable. */
  refresh(): boolean {
    const before = this.newest();
    const chain: BlockhashEntry[] = [];
    for (const { slot, meta } of this.#tree.chain(this.#tree.confirmed)) {
      if (chain.length === MAX_ENTRIES || meta === undefined) break;
      chain.push({
        blockhash: meta.blockhash,
        slot,
        blockHeight: meta.blockHeight,
        lastValidBlockHeight: asBlockHeight(meta.blockHeight + BLOCKHASH_VALIDITY_BLOCKS),
      });
    }
    const lowest = chain.at(-1);
    if (lowest === undefined) return false;
    // Below a hole in the ancestry, what was confirmed before stays so.
    const older = this.#entries.filter((entry) => entry.blockHeight < lowest.blockHeight);
    this.#entries = [...older, ...chain.reverse()].slice(-MAX_ENTRIES);
    return this.newest()?.blockhash !== before?.blockhash;
  }
}
