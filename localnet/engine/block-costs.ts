/** How much of a block is taken: in all, and by what writes the same account. */

export interface BlockLimits {
  /** Compute units of the whole block. */
  readonly blockCostLimit: number;
  /** Compute units of all that write one account. */
  readonly accountCostLimit: number;
}

export class BlockCosts {
  private total = 0;
  private readonly byAccount = new Map<string, number>();

  /** Whether so many units are free in the block. What finds no room now finds none later: costs only grow. */
  hasRoom(units: number, limits: BlockLimits): boolean {
    return this.total + units <= limits.blockCostLimit;
  }

  /** Whether so many units are free on each of the accounts. */
  hasAccountRoom(units: number, written: readonly string[], limits: BlockLimits): boolean {
    return written.every((address) => (this.byAccount.get(address) ?? 0) + units <= limits.accountCostLimit);
  }

  add(units: number, written: readonly string[]): void {
    this.total += units;
    for (const address of written) this.byAccount.set(address, (this.byAccount.get(address) ?? 0) + units);
  }
}
