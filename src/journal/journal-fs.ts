/** The file system as the journal uses it, passed in so that tests can fill the disk and fail any call. */
import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { makeDirectory } from '../make-directory.js';

const fdatasyncAsync = promisify(fs.fdatasync);

export interface JournalFs {
  mkdir(path: string): void;
  list(path: string): string[];
  exists(path: string): boolean;
  /** Bytes of a file; 0 where it is not there. */
  size(path: string): number;
  read(path: string): Buffer;
  readAsync(path: string): Promise<Buffer>;
  /** For appending; creates it. */
  openAppend(path: string): number;
  /** Returns how many bytes were written, which may be fewer than asked. */
  write(fd: number, bytes: Uint8Array, offset: number, length: number): number;
  truncate(fd: number, length: number): void;
  truncatePath(path: string, length: number): void;
  /** Waits for the disk on the calling thread. */
  sync(fd: number): void;
  /** Waits for the disk off the calling thread. */
  syncAsync(fd: number): Promise<void>;
  close(fd: number): void;
  /** Replaces `to` in one step. */
  rename(from: string, to: string): void;
  remove(path: string): void;
  /** Makes renames, creations and removals in a directory durable. */
  syncDirectory(path: string): void;
}

export const systemFs: JournalFs = {
  mkdir: (path) => makeDirectory(path, 0o700),
  list: (path) => fs.readdirSync(path).sort(),
  exists: (path) => fs.existsSync(path),
  size: (path) => fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0,
  read: (path) => fs.readFileSync(path),
  readAsync: (path) => fs.promises.readFile(path),
  openAppend: (path) => fs.openSync(path, 'a', 0o600),
  write: (fd, bytes, offset, length) => fs.writeSync(fd, bytes, offset, length),
  truncate: (fd, length) => fs.ftruncateSync(fd, length),
  truncatePath: (path, length) => fs.truncateSync(path, length),
  sync: (fd) => fs.fsyncSync(fd),
  syncAsync: (fd) => fdatasyncAsync(fd),
  close: (fd) => fs.closeSync(fd),
  rename: (from, to) => fs.renameSync(from, to),
  remove: (path) => fs.rmSync(path, { force: true }),
  syncDirectory(path) {
    const fd = fs.openSync(path, 'r');
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  },
};

/** Writes all bytes, however few each call takes. @throws what the file system throws */
export function writeWhole(files: JournalFs, fd: number, bytes: Uint8Array, length = bytes.length): void {
  for (let written = 0; written < length; ) {
    const count = files.write(fd, bytes, written, length - written);
    // A file system that takes nothing and reports no error would spin here for ever.
    if (count <= 0) throw new Error(`the file system took ${count} of ${length - written} bytes`);
    written += count;
  }
}

/** Replaces a small file so that after a crash it is either the old one or the new one, whole. */
export function replaceFile(files: JournalFs, directory: string, path: string, bytes: Uint8Array): void {
  const temporary = `${path}.tmp`;
  files.remove(temporary);
  const fd = files.openAppend(temporary);
  try {
    writeWhole(files, fd, bytes);
    files.sync(fd);
  } finally {
    files.close(fd);
  }
  files.rename(temporary, path);
  files.syncDirectory(directory);
}
