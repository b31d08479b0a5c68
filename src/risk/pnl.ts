import { dirname } from 'node:path';
import { type JournalFs, replaceFile, systemFs, writeWhole } from '../journal/journal-fs.js';
import type { Address, Signature } from '../model/brands.js';
import type { TransactionUpdate } from '../stream/types.js';
import { type Clock, systemClock } from '../time/clock.js';
import { balanceChanges, type MintAmounts } from './balance-changes.js';
import { decodePnl, encodePnl, type RevocableFacts, revocableText } from './pnl-file.js';

const DAY_MS = 86_400_000;
/** Newest final landings kept in memory and in the file, so that none is counted twice over a restart. */
export const MAX_FINAL_SIGNATURES = 4096;
/**
 * Landings that may still be undone, kept beside those: they wait some 13 s for their finality, and a restart tells of
 * every one of them again. This is 2,500 a second.
 */
export const MAX_REVOCABLE_LANDINGS = 32_768;

/** An amount's worth in base units of the quote currency; undefined where nothing prices the mint. */
export type Valuation = (mint: Address, amount: bigint) => bigint | undefined;

export interface PnlStatus {
  /** Days since the epoch, by UTC; the last one while the new one waits for prices. */
  readonly day: number;
  /** Since UTC midnight, in quote units. */
  readonly dailyQuote: bigint;
  /** Since the book began, in quote units. */
  readonly totalQuote: bigint;
  /** How far the total is under its highest, in quote units. */
  readonly drawdownQuote: bigint;
  /** Traded mints that nothing prices now; they count as worth nothing. */
  readonly unpriced: readonly Address[];
  /** Those of them that the pools will price: while there is one, the amounts above are no measure of a loss. */
  readonly awaited: readonly Address[];
}

interface Worth {
  readonly quote: bigint;
  readonly unpriced: readonly Address[];
  readonly awaited: readonly Address[];
}

interface Revocable extends RevocableFacts {
  /** As it stands in the file. */
  readonly text: string;
}

/**
 * What our own trades made: the sum of everything that they moved, at today's prices. What did not come
 * from a trade of ours (deposits, sweeps) is not in it; fees, tips, and the fees of failed trades are.
 */
export class PnlBook {
  readonly #clock: Clock;
  readonly #valuation: Valuation;
  readonly #isPriceable: (mint: Address) => boolean;
  readonly #files: JournalFs;
  readonly #path: string | undefined;
  readonly #flows: MintAmounts = new Map();
  /** The place of each in `#flows`, which none leaves. */
  readonly #mintIndex = new Map<Address, number>();
  /** Counted and final, the longest so first. */
  readonly #final = new Set<Signature>();
  /** Counted and not final, in the order in which they were counted. */
  readonly #revocable = new Map<Signature, Revocable>();
  #day: number;
  #dayStartQuote = 0n;
  #peakQuote = 0n;
  /** Whether the file says less than is known here. */
  #changed = false;
  #saving: Promise<void> | undefined;

  /**
   * @param isPriceable whether the valuation can ever price a mint, now or later; without it, every mint
   * @param path of a small file that carries the book over restarts; without it nothing is kept
   * @throws Error when the file is there and cannot be read: a loss limit must not start from nothing
   */
  constructor(options: {
    valuation: Valuation;
    isPriceable?: (mint: Address) => boolean;
    path?: string;
    clock?: Clock;
    files?: JournalFs;
  }) {
    this.#clock = options.clock ?? systemClock;
    this.#valuation = options.valuation;
    this.#isPriceable = options.isPriceable ?? (() => true);
    this.#files = options.files ?? systemFs;
    this.#path = options.path;
    this.#day = this.#today();
    if (this.#path !== undefined && this.#files.exists(this.#path)) this.#load(this.#path);
  }

  /** A confirmed transaction of a trade of ours. Returns false for one that was counted before. */
  apply(transaction: TransactionUpdate, wallet: Address): boolean {
    if (this.has(transaction.signature)) return false;
    this.#turnDay();
    this.#changed = true;
    const changes = balanceChanges(transaction, wallet);
    this.#add(changes, 1n);
    this.#remember(transaction.signature, { day: this.#day, peakBeforeQuote: this.#peakQuote, changes });
    if (this.#revocable.size > MAX_REVOCABLE_LANDINGS) this.keep(oldestOf(this.#revocable));
    return true;
  }

  /**
   * The landing was undone: what it moved is taken back, from the day in which it was counted and from the highest total
   * too, which it may have raised. @returns false for one that is not in the book, or is final
   */
  revoke(signature: Signature): boolean {
    const revocable = this.#revocable.get(signature);
    if (revocable === undefined) return false;
    this.#turnDay();
    this.#changed = true;
    const { quote, awaited } = this.#worthOf(revocable.changes);
    // One side of a swap alone is no measure of it; both together are worth about nothing.
    const worth = awaited.length > 0 ? 0n : quote;
    const all = [...this.#revocable];
    for (const [of, later] of all.slice(all.findIndex(([one]) => one === signature) + 1)) {
      const peakBeforeQuote = peakWithout(worth, revocable.peakBeforeQuote, later.peakBeforeQuote);
      if (peakBeforeQuote !== later.peakBeforeQuote) this.#remember(of, { ...later, peakBeforeQuote });
    }
    this.#peakQuote = peakWithout(worth, revocable.peakBeforeQuote, this.#peakQuote);
    if (revocable.day < this.#day) this.#dayStartQuote -= worth;
    this.#add(revocable.changes, -1n);
    this.#revocable.delete(signature);
    return true;
  }

  /** The landing is final: nothing of it need be remembered but that it was counted. */
  keep(signature: Signature): void {
    if (!this.#revocable.delete(signature)) return;
    this.#changed = true;
    this.#addFinal(signature);
  }

  /** Whether a transaction of ours is in it; of older final ones than MAX_FINAL_SIGNATURES it does not know. */
  has(signature: Signature): boolean {
    return this.#final.has(signature) || this.#revocable.has(signature);
  }

  status(): PnlStatus {
    this.#turnDay();
    const { quote, unpriced, awaited } = this.#worthOf(this.#flows);
    // The highest total never falls again: one side of a swap, priced alone, must not become it.
    if (awaited.length === 0 && quote > this.#peakQuote) {
      this.#peakQuote = quote;
      this.#changed = true;
    }
    return {
      day: this.#day,
      dailyQuote: quote - this.#dayStartQuote,
      totalQuote: quote,
      drawdownQuote: this.#peakQuote > quote ? this.#peakQuote - quote : 0n,
      unpriced,
      awaited,
    };
  }

  /**
   * Writes the book down where it has changed, and waits for the disk off the calling thread. For now and then: a
   * crash of the machine may give the file before back. @throws what the file system throws
   */
  saveLater(): Promise<void> {
    if (this.#path === undefined || !this.#changed) return Promise.resolve();
    this.#saving ??= this.#write(this.#path).finally(() => {
      this.#saving = undefined;
    });
    return this.#saving;
  }

  /** Writes the book down for good, at the end. @throws what the file system throws */
  async save(): Promise<void> {
    // Whoever asked for the one that is under way hears of its failure.
    await this.#saving?.catch(() => undefined);
    if (this.#path === undefined) return;
    this.#files.mkdir(dirname(this.#path));
    replaceFile(this.#files, dirname(this.#path), this.#path, Buffer.concat([...this.#encode()]));
    this.#changed = false;
  }

  async #write(path: string): Promise<void> {
    const temporary = `${path}.later`;
    this.#files.mkdir(dirname(path));
    this.#files.remove(temporary);
    const fd = this.#files.openAppend(temporary);
    const pieces = this.#encode();
    this.#changed = false;
    try {
      await this.#writePieces(fd, pieces);
      this.#files.rename(temporary, path);
    } catch (error) {
      this.#changed = true;
      throw error;
    }
  }

  async #writePieces(fd: number, pieces: Iterable<Buffer>): Promise<void> {
    try {
      for (const piece of pieces) {
        writeWhole(this.#files, fd, piece);
        await this.#files.syncAsync(fd);
      }
    } finally {
      this.#files.close(fd);
    }
  }

  /** Of the book as it is at the call. */
  #encode(): Generator<Buffer, void> {
    return encodePnl({
      day: this.#day,
      dayStartQuote: this.#dayStartQuote,
      peakQuote: this.#peakQuote,
      flows: new Map(this.#flows),
      counted: [...this.#final, ...this.#revocable.keys()],
      revocable: Array.from(this.#revocable.values(), ({ text }) => text),
    });
  }

  #remember(signature: Signature, facts: RevocableFacts): void {
    const indexOf = (mint: Address) => this.#mintIndex.get(mint)!;
    this.#revocable.set(signature, { ...facts, text: revocableText(signature, facts, indexOf) });
  }

  #add(changes: MintAmounts, sign: 1n | -1n): void {
    for (const [mint, delta] of changes) this.#setFlow(mint, (this.#flows.get(mint) ?? 0n) + sign * delta);
  }

  #setFlow(mint: Address, amount: bigint): void {
    if (!this.#flows.has(mint)) this.#mintIndex.set(mint, this.#flows.size);
    this.#flows.set(mint, amount);
  }

  #addFinal(signature: Signature): void {
    this.#final.add(signature);
    if (this.#final.size > MAX_FINAL_SIGNATURES) this.#final.delete(oldestOf(this.#final));
  }

  #today(): number {
    return Math.floor(this.#clock.nowMs() / DAY_MS);
  }

  #turnDay(): void {
    const today = this.#today();
    // A clock that is set back over midnight between two processes would begin one day twice, and forget its loss.
    if (today === this.#day || today === this.#day - 1) return;
    const { quote, awaited } = this.#worthOf(this.#flows);
    // What lands before every price is there counts in the day that ends.
    if (awaited.length > 0) return;
    this.#day = today;
    this.#changed = true;
    this.#dayStartQuote = quote;
  }

  #worthOf(amounts: MintAmounts): Worth {
    let quote = 0n;
    const unpriced: Address[] = [];
    for (const [mint, amount] of amounts) {
      if (amount === 0n) continue;
      const worth = this.#valuation(mint, amount);
      if (worth === undefined) unpriced.push(mint);
      else quote += worth;
    }
    return { quote, unpriced, awaited: unpriced.filter(this.#isPriceable) };
  }

  #load(path: string): void {
    const file = decodePnl(this.#files.read(path), path);
    this.#day = file.day;
    this.#dayStartQuote = file.dayStartQuote;
    this.#peakQuote = file.peakQuote;
    for (const [mint, amount] of file.flows) this.#setFlow(mint, amount);
    for (const [signature, facts] of file.revocable) this.#remember(signature, facts);
    for (const signature of file.counted) if (!this.#revocable.has(signature)) this.#addFinal(signature);
  }
}

function oldestOf(counted: ReadonlySet<Signature> | ReadonlyMap<Signature, unknown>): Signature {
  return counted.keys().next().value!;
}

/** The highest total, had a gain not been counted; what was the highest before it stays. */
function peakWithout(gainQuote: bigint, peakBeforeQuote: bigint, peakQuote: bigint): bigint {
  if (gainQuote <= 0n || peakQuote <= peakBeforeQuote) return peakQuote;
  const lowered = peakQuote - gainQuote;
  return lowered > peakBeforeQuote ? lowered : peakBeforeQuote;
}
