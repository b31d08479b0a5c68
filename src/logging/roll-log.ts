/**
 * Rolls `trading.log` once a day (UTC), and sooner where a day's log grows too large: the file is renamed to
 * `trading-<day>.log` and opened anew, so that its name stays. Rolled files are compressed, and the oldest removed.
 */
import { closeSync, createReadStream, createWriteStream, openSync, readSync } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Clock, TimerHandle } from '../time/clock.js';

const NAME = 'trading.log';
const CHECK_MS = 60_000;
/** The current file is rolled early at this share of what all may take together. */
const CURRENT_SHARE = 0.25;
const DAY_MS = 86_400_000;
const BYTES_A_MB = 1024 * 1024;
/** A line's head: its timestamp comes second. */
const HEAD_BYTES = 256;
const ROLLED = /^trading-(\d{4}-\d{2}-\d{2})(?:\.(\d+))?\.log(\.gz)?$/;

export interface LogRollerOptions {
  readonly directory: string;
  readonly keepDays: number;
  /** Of rolled files together, compressed or not. */
  readonly keepMb: number;
  readonly clock: Clock;
  /** Opens the log under its name again. */
  readonly reopen: () => void;
  readonly onFault: (error: unknown) => void;
}

export class LogRoller {
  readonly #options: LogRollerOptions;
  readonly #timer: TimerHandle;
  #work: Promise<void> | undefined;

  constructor(options: LogRollerOptions) {
    this.#options = options;
    this.#timer = options.clock.every(CHECK_MS, () => void this.check());
    void this.check();
  }

  /** Does what is due now; one at a time. */
  check(): Promise<void> {
    this.#work ??= this.#run()
      .catch((error: unknown) => this.#options.onFault(error))
      .finally(() => {
        this.#work = undefined;
      });
    return this.#work;
  }

  async close(): Promise<void> {
    this.#timer.cancel();
    await this.#work;
  }

  async #run(): Promise<void> {
    await this.#roll();
    try {
      for (const name of await this.#rolled()) if (!name.endsWith('.gz')) await this.#compress(name);
    } finally {
      // What is too old gives the room that a full disk has not for compressing.
      await this.#prune();
    }
  }

  async #roll(): Promise<void> {
    const { directory, clock, keepMb, reopen } = this.#options;
    const path = join(directory, NAME);
    const facts = await stat(path).catch(() => undefined);
    if (facts === undefined) {
      // Somebody removed it: what is written now would go nowhere.
      reopen();
      return;
    }
    if (facts.size === 0) return;
    const day = dayOf(path) ?? new Date(facts.mtimeMs).toISOString().slice(0, 10);
    const today = new Date(clock.nowMs()).toISOString().slice(0, 10);
    if (day === today && facts.size < keepMb * BYTES_A_MB * CURRENT_SHARE) return;
    await rename(path, join(directory, await this.#freeName(day)));
    reopen();
  }

  /** Numbered past every other of the day: a number that pruning has freed would make the newest the oldest. */
  async #freeName(day: string): Promise<string> {
    const numbers = (await this.#rolled()).map((name) => rolledOf(name)).filter((one) => one.day === day);
    const highest = Math.max(0, ...numbers.map(({ number }) => number));
    return highest === 0 ? `trading-${day}.log` : `trading-${day}.${highest + 1}.log`;
  }

  /** Oldest first. */
  async #rolled(): Promise<string[]> {
    const names = (await readdir(this.#options.directory)).filter((name) => ROLLED.test(name));
    return names.sort((a, b) => {
      const [one, other] = [rolledOf(a), rolledOf(b)];
      return one.day === other.day ? one.number - other.number : one.day < other.day ? -1 : 1;
    });
  }

  async #compress(name: string): Promise<void> {
    const path = join(this.#options.directory, name);
    const temporary = `${path}.gz.tmp`;
    try {
      await pipeline(createReadStream(path), createGzip(), createWriteStream(temporary, { mode: 0o600 }));
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await rename(temporary, `${path}.gz`);
    await rm(path);
  }

  async #prune(): Promise<void> {
    const { directory, clock, keepDays, keepMb } = this.#options;
    const oldest = new Date(clock.nowMs() - keepDays * DAY_MS).toISOString().slice(0, 10);
    let bytes = 0;
    for (const name of (await this.#rolled()).reverse()) {
      const path = join(directory, name);
      bytes += (await stat(path)).size;
      if (rolledOf(name).day < oldest || bytes > keepMb * BYTES_A_MB) await rm(path);
    }
  }
}

/** Of a name that ROLLED fits; a day's first file has no number in it. */
function rolledOf(name: string): { day: string; number: number } {
  const [, day = '', number = '1'] = ROLLED.exec(name) ?? [];
  return { day, number: Number(number) };
}

/** The day of a file's first line. */
function dayOf(path: string): string | undefined {
  const head = Buffer.alloc(HEAD_BYTES);
  const fd = openSync(path, 'r');
  try {
    const length = readSync(fd, head, 0, HEAD_BYTES, 0);
    return /"timestamp":"(\d{4}-\d{2}-\d{2})/.exec(head.toString('latin1', 0, length))?.[1];
  } finally {
    closeSync(fd);
  }
}
