/**
 * A ledger on disk: what was decided at genesis (`meta.json`), all accounts at some root (`accounts.snap`), and
 * a log of every frozen block and every roll-back since, in segments (`blocks-<n>.log`). A block is appended
 * before any client is told that it was processed, so that a kill -9 loses nothing that was ever `processed`;
 * only the slot in progress is gone. The disk is not waited for: a machine that loses power may lose more.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { BlockEvent, ExecutedTransaction } from '../engine/messages.js';
import type { AccountAtSlot } from '../ledger/types.js';
import { encodeFrame, readFrames } from './frames.js';
import { makeDirectory } from './make-directory.js';

/** Format of the files; a directory of another one is refused. */
const FORMAT = 1;
const META_FILE = 'meta.json';
const SNAPSHOT_FILE = 'accounts.snap';
const SEGMENT_NAME = /^blocks-(\d{10})\.log$/;
/** Accounts a record in a snapshot. */
const SNAPSHOT_BATCH = 500;

export interface StateMeta {
  readonly format: number;
  readonly genesisHash: string;
  /** The options that genesis was built from; building it again from them gives the same keys. */
  readonly genesis: Readonly<Record<string, unknown>>;
}

export interface BlockRecord {
  readonly type: 'block';
  readonly block: BlockEvent;
  /** From genesis to the end of this block. */
  readonly transactionsTotal: number;
  /** Without their writes: what they wrote last is in `writes`. */
  readonly transactions: readonly ExecutedTransaction[];
  readonly writes: readonly AccountAtSlot[];
}

export interface RollbackRecord {
  readonly type: 'rollback';
  readonly slots: readonly number[];
}

/** A slot that is not the one after the head has begun: clients have heard its number. */
export interface BegunRecord {
  readonly type: 'begun';
  readonly slot: number;
}

export type LogRecord = BlockRecord | RollbackRecord | BegunRecord;

interface SnapshotHead {
  readonly slot: number;
  readonly writeVersion: bigint;
  readonly accounts: number;
}

export interface Snapshot {
  readonly slot: number;
  readonly writeVersion: bigint;
  readonly accounts: readonly AccountAtSlot[];
}

export class StateDirError extends Error {
  override readonly name = 'StateDirError';
}

/** The directory's meta file; undefined where there is no ledger yet. Throws `StateDirError` for another format. */
export function readMeta(dir: string): StateMeta | undefined {
  const file = join(dir, META_FILE);
  if (!existsSync(file)) return undefined;
  const meta = JSON.parse(readFileSync(file, 'utf8')) as StateMeta;
  if (meta.format !== FORMAT) throw new StateDirError(`${file}: format ${meta.format}, not ${FORMAT}`);
  return meta;
}

export function writeMeta(dir: string, meta: Omit<StateMeta, 'format'>): void {
  makeDirectory(dir);
  replaceFile(join(dir, META_FILE), [
    Buffer.from(`${JSON.stringify({ format: FORMAT, ...meta }, null, 2)}\n`),
  ]);
}

export function writeSnapshot(
  dir: string,
  slot: number,
  writeVersion: bigint,
  accounts: readonly AccountAtSlot[],
): void {
  const head: SnapshotHead = { slot, writeVersion, accounts: accounts.length };
  const frames = [encodeFrame(head)];
  for (let from = 0; from < accounts.length; from += SNAPSHOT_BATCH) {
    frames.push(encodeFrame(accounts.slice(from, from + SNAPSHOT_BATCH)));
  }
  replaceFile(join(dir, SNAPSHOT_FILE), frames);
}

/** Undefined where none was written yet. Throws `StateDirError` for a damaged one. */
export function readSnapshot(dir: string): Snapshot | undefined {
  const file = join(dir, SNAPSHOT_FILE);
  if (!existsSync(file)) return undefined;
  const { records, goodBytes, totalBytes } = readFrames(file);
  const [head, ...batches] = records as [SnapshotHead | undefined, ...AccountAtSlot[][]];
  const accounts = batches.flat();
  if (head === undefined || goodBytes !== totalBytes || accounts.length !== head.accounts) {
    throw new StateDirError(`${file} is damaged at byte ${goodBytes}`);
  }
  return { slot: head.slot, writeVersion: head.writeVersion, accounts };
}

export interface Segment {
  readonly number: number;
  readonly file: string;
  readonly records: readonly LogRecord[];
  readonly bytes: number;
}

/**
 * All segments in order. A torn record at the end of the last one is cut off, as a kill leaves it; damage
 * anywhere else throws `StateDirError`.
 */
export function readSegments(dir: string): readonly Segment[] {
  const files = readdirSync(dir)
    .flatMap((name) => {
      const number = SEGMENT_NAME.exec(name)?.[1];
      return number === undefined ? [] : [{ number: Number(number), file: join(dir, name) }];
    })
    .toSorted((left, right) => left.number - right.number);
  return files.map(({ number, file }, index) => {
    const { records, goodBytes, totalBytes } = readFrames(file);
    if (goodBytes !== totalBytes) {
      if (index !== files.length - 1) throw new StateDirError(`${file} is damaged at byte ${goodBytes}`);
      truncate(file, goodBytes);
    }
    return { number, file, records: records as LogRecord[], bytes: goodBytes };
  });
}

export function segmentFile(dir: string, number: number): string {
  return join(dir, `blocks-${String(number).padStart(10, '0')}.log`);
}

export function removeSegment(dir: string, number: number): void {
  unlinkSync(segmentFile(dir, number));
}

function truncate(file: string, length: number): void {
  const descriptor = openSync(file, 'r+');
  try {
    ftruncateSync(descriptor, length);
  } finally {
    closeSync(descriptor);
  }
}

/** The old content or the new one, never a part. */
function replaceFile(file: string, parts: readonly Buffer[]): void {
  const temporary = `${file}.new`;
  const descriptor = openSync(temporary, 'w', 0o600);
  try {
    for (const part of parts) writeFully(descriptor, part);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, file);
}

/** A write to a file may take less than asked where the disk fills up. */
export function writeFully(descriptor: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
}
