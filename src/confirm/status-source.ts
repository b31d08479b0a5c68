/** Where polled evidence comes from. The RPC pool implements it; the simulation passes its own. */
import type { Signature, Slot } from '../model/brands.js';
import type { StatusesAnswer } from '../send/chain-reader.js';

export interface StatusSource {
  /**
   * @param turn grows with each answer that could not settle the question: another node is to be asked first
   * @throws HotslotError when no node answered
   */
  statuses(signatures: readonly Signature[], searchHistory: boolean, turn?: number): Promise<StatusesAnswer>;
  /** Oldest block that this very node still has. */
  firstAvailableBlock(host: string): Promise<Slot>;
}
