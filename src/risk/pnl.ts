import { dirname } from 'node:path';
import { type JournalFs, replaceFile, systemFs, writeWhole } from '../journal/journal-fs.js';
import type { Address, Signature } from '../model/brands.js';
import type { TransactionUpdate } from '../stream/types.js';
import { type Clock, systemClock } from '../time/clock.js';
import { balanceChanges, type MintAmounts } from './balance-changes.js';

const DAY_MS = 86_400_000;
/** Newest signatures kept in memory and in the file, so that none is counted twice over a restart. */
export const MAX_COUNTED_SIGNATURES = 4096;

/** An amount's worth in base units of the quote currency; undefined where nothing prices the mint. */
export type Valuation = (mint: Address, amount: bigint) => bigint | undefined;

export interface PnlStatus {
  /** Days since the epoch, by UTC. */
  readonly day: number;
  /** Since UTC midnight, in quote units. */
  readonly dailyQuote: bigint;
  /** Since the book began, in quote units. */
  readonly totalQuote: bigint;
  /** How far the total is under its highest, in quote units. */
  readonly drawdownQuote: bigint;
  /** Traded mints that nothing prices now; they count as worth nothing. */
  readonly unpriced: readonly Address[];
}

interface PnlFile {
  readonly version: 1;
  readonly day: number;
  readonly dayStartQuote: string;
  readonly peakQuote: string;
  readonly flows: readonly (readonly [Address, string])[];
  readonly counted: readonly Signature[];
  /** Absent in files of older versions. */
  readonly revocable?: readonly RevocableEntry[];
}

/** Signature, day, peak before it, and what it moved; mints by their place in `flows`, for the file's length. */
type RevocableEntry = readonly [
  Signature,
  day: number,
  peakBefore: string,
  changes: readonly (readonly [mintIndex: number, amount: string])[],
];

/** What is in the book of a landing that may still be undone. */
interface Revocable {
  readonly day: number;
  /** The highest total before it was counted, without what was taken back since. */
  peakBeforeQuote: bigint;
  readonly changes: MintAmounts;
}

/**
 * What our own trades made: the sum of everything that they moved, at today's prices. What did not come
 * from a trade of ours (deposits, sweeps) is not in it; fees, tips, and the fees of failed trades are.
 */
export class PnlBook {
  readonly #clock: Clock;
  readonly #valuation: Valuation;
  readonly #files: JournalFs;
  readonly #path: string | undefined;
  readonly #flows: MintAmounts = new Map();
  readonly #counted = new Set<Signature>();
  /** In the order in which they were counted; some of `#counted`. */
  readonly #revocable = new Map<Signature, Revocable>();
  #day: number;
  #dayStartQuote = 0n;
  #peakQuote = 0n;
  /** Whether the file says less than is known here. */
  #changed = false;
  #saving: Promise<void> | undefined;

  /**
   * @param path of a small file that carries the book over restarts; without it nothing is kept
   * @throws Error when the file is there and cannot be read: a loss limit must not start from nothing
   */
  constructor(options: { valuation: Valuation; path?: string; clock?: Clock; files?: JournalFs }) {
    this.#clock = options.clock ?? systemClock;
    this.#valuation = options.valuation;
    this.#files = options.files ?? systemFs;
    this.#path = options.path;
    this.#day = this.#today();
    if (this.#path !== undefined && this.#files.exists(this.#path)) this.#load(this.#path);
  }

  /** A confirmed transaction of a trade of ours. Returns false for one that was counted before. */
  apply(transaction: TransactionUpdate, wallet: Address): boolean {
    if (this.#counted.has(transaction.signature)) return false;
    this.#turnDay();
    this.#changed = true;
    this.#counted.add(transaction.signature);
    if (this.#counted.size > MAX_COUNTED_SIGNATURES) {
      const oldest = this.#counted.values().next();
      if (!oldest.done) this.#forget(oldest.value);
    }
    const changes = balanceChanges(transaction, wallet);
    const peakBeforeQuote = this.#peakQuote;
    this.#revocable.set(transaction.signature, { day: this.#day, peakBeforeQuote, changes });
    this.#add(changes, 1n);
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
    const worth = this.#worthOf(revocable.changes).quote;
    const later = [...this.#revocable.values()];
    for (const one of later.slice(later.indexOf(revocable) + 1))
      one.peakBeforeQuote = peakWithout(worth, revocable.peakBeforeQuote, one.peakBeforeQuote);
    this.#peakQuote = peakWithout(worth, revocable.peakBeforeQuote, this.#peakQuote);
    if (revocable.day < this.#day) this.#dayStartQuote -= worth;
    this.#add(revocable.changes, -1n);
    this.#forget(signature);
    return true;
  }

  /** The landing is final: nothing of it need be remembered but that it was counted. */
  keep(signature: Signature): void {
    if (this.#revocable.delete(signature)) this.#changed = true;
  }

  /** Whether a transaction of ours is in it; of older ones than MAX_COUNTED_SIGNATURES it does not know. */
  has(signature: Signature): boolean {
    return this.#counted.has(signature);
  }

  status(): PnlStatus {
    this.#turnDay();
    const { quote, unpriced } = this.#worth();
    if (quote > this.#peakQuote) {
      this.#peakQuote = quote;
      this.#changed = true;
    }
    return {
      day: this.#day,
      dailyQuote: quote - this.#dayStartQuote,
      totalQuote: quote,
      drawdownQuote: this.#peakQuote - quote,
      unpriced,
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
    replaceFile(this.#files, dirname(this.#path), this.#path, this.#encode());
    this.#changed = false;
  }

  async #write(path: string): Promise<void> {
    const temporary = `${path}.later`;
    this.#files.mkdir(dirname(path));
    this.#files.remove(temporary);
    const fd = this.#files.openAppend(temporary);
    try {
      writeWhole(this.#files, fd, this.#encode());
      this.#changed = false;
      await this.#files.syncAsync(fd);
    } catch (error) {
      this.#changed = true;
      throw error;
    } finally {
      this.#files.close(fd);
    }
    this.#files.rename(temporary, path);
  }

  #encode(): Buffer {
    const mints = [...this.#flows.keys()];
    const file: PnlFile = {
      version: 1,
      day: this.#day,
      dayStartQuote: this.#dayStartQuote.toString(),
      peakQuote: this.#peakQuote.toString(),
      flows: [...this.#flows].map(([mint, amount]) => [mint, amount.toString()] as const),
      counted: [...this.#counted],
      revocable: [...this.#revocable].map(([signature, { day, peakBeforeQuote, changes }]) => [
        signature,
        day,
        peakBeforeQuote.toString(),
        [...changes].map(([mint, amount]) => [mints.indexOf(mint), amount.toString()] as const),
      ]),
    };
    return Buffer.from(`${JSON.stringify(file)}\n`);
  }

  #add(changes: MintAmounts, sign: 1n | -1n): void {
    for (const [mint, delta] of changes) this.#flows.set(mint, (this.#flows.get(mint) ?? 0n) + sign * delta);
  }

  #forget(signature: Signature): void {
    this.#counted.delete(signature);
    this.#revocable.delete(signature);
  }

  #today(): number {
    return Math.floor(this.#clock.nowMs() / DAY_MS);
  }

  #turnDay(): void {
    const today = this.#today();
    // A clock that is set back over midnight between two processes would begin one day twice, and forget its loss.
    if (today === this.#day || today === this.#day - 1) return;
    this.#day = today;
    this.#changed = true;
    this.#dayStartQuote = this.#worth().quote;
  }

  #worth(): { quote: bigint; unpriced: Address[] } {
    return this.#worthOf(this.#flows);
  }

  #worthOf(amounts: MintAmounts): { quote: bigint; unpriced: Address[] } {
    let quote = 0n;
    const unpriced: Address[] = [];
    for (const [mint, amount] of amounts) {
      if (amount === 0n) continue;
      const worth = this.#valuation(mint, amount);
      if (worth === undefined) unpriced.push(mint);
      else quote += worth;
    }
    return { quote, unpriced };
  }

  #load(path: string): void {
    const file = JSON.parse(this.#files.read(path).toString('utf8')) as PnlFile;
    if (file.version !== 1) throw new Error(`${path} has a form that is not known`);
    this.#day = file.day;
    this.#dayStartQuote = BigInt(file.dayStartQuote);
    this.#peakQuote = BigInt(file.peakQuote);
    for (const [mint, amount] of file.flows) this.#flows.set(mint, BigInt(amount));
    for (const signature of file.counted) this.#counted.add(signature);
    for (const [signature, day, peakBefore, entries] of file.revocable ?? []) {
      const changes = new Map(entries.map(([index, amount]) => [file.flows[index]![0], BigInt(amount)]));
      this.#revocable.set(signature, { day, peakBeforeQuote: BigInt(peakBefore), changes });
    }
  }
}

/** The highest total, had a gain not been counted; what was the highest before it stays. */
function peakWithout(gainQuote: bigint, peakBeforeQuote: bigint, peakQuote: bigint): bigint {
  if (gainQuote <= 0n || peakQuote <= peakBeforeQuote) return peakQuote;
  const lowered = peakQuote - gainQuote;
  return lowered > peakBeforeQuote ? lowered : peakBeforeQuote;
}
