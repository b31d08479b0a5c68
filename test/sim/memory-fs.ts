/** The disk of a simulated machine: it outlives the process, can be full, and keeps what a killed writer wrote. */
import type { JournalFs } from '../../src/journal/journal-fs.js';

class File {
  bytes = Buffer.alloc(4096);
  length = 0;

  append(from: Uint8Array): void {
    const needed = this.length + from.length;
    if (needed > this.bytes.length) {
      const grown = Buffer.alloc(Math.max(needed, this.bytes.length * 2));
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
    }
    this.bytes.set(from, this.length);
    this.length = needed;
  }
}

export interface DiskChaos {
  /** Asked before each write: how many of the bytes reach the disk. Fewer than all makes the call throw. */
  bytesWritten(path: string, length: number): number;
  /** Resolves when a disk sync is done; may reject. */
  sync(): Promise<void>;
}

/** Shared by all lives of a machine. */
export class MemoryDisk {
  readonly #files = new Map<string, File>();

  /** Flips the bits of one byte. */
  damage(path: string, at: number): void {
    const file = this.#files.get(path);
    if (file !== undefined && at < file.length) file.bytes[at]! ^= 0xff;
  }

  /** The file system as one life of the process sees it; once `isAlive` says no, its writes reach nothing. */
  open(isAlive: () => boolean, chaos: DiskChaos): JournalFs {
    const files = this.#files;
    const open = new Map<number, string>();
    let nextFd = 3;
    const fileAt = (path: string): File => {
      const file = files.get(path);
      if (file === undefined) throw new Error(`ENOENT ${path}`);
      return file;
    };
    return {
      mkdir: () => undefined,
      list: (path) =>
        [...files.keys()]
          .filter((name) => name.startsWith(`${path}/`) && !name.slice(path.length + 1).includes('/'))
          .map((name) => name.slice(path.length + 1))
          .sort(),
      exists: (path) => files.has(path) || [...files.keys()].some((name) => name.startsWith(`${path}/`)),
      size: (path) => files.get(path)?.length ?? 0,
      read: (path) => copyOf(fileAt(path)),
      readAsync: async (path) => copyOf(fileAt(path)),
      openAppend: (path) => {
        if (isAlive() && !files.has(path)) files.set(path, new File());
        const fd = nextFd++;
        open.set(fd, path);
        return fd;
      },
      write: (fd, bytes, offset, length) => {
        if (!isAlive()) return length;
        const path = open.get(fd)!;
        const written = chaos.bytesWritten(path, length);
        files.get(path)?.append(bytes.subarray(offset, offset + written));
        if (written < length && isAlive()) throw new Error('ENOSPC');
        return length;
      },
      truncate: (fd, length) => {
        const file = files.get(open.get(fd)!);
        if (isAlive() && file !== undefined) file.length = Math.min(file.length, length);
      },
      truncatePath: (path, length) => {
        const file = fileAt(path);
        if (isAlive()) file.length = Math.min(file.length, length);
      },
      sync: () => undefined,
      syncAsync: () => chaos.sync(),
      close: (fd) => void open.delete(fd),
      rename: (from, to) => {
        if (!isAlive()) return;
        files.set(to, fileAt(from));
        files.delete(from);
      },
      remove: (path) => {
        if (isAlive()) files.delete(path);
      },
      syncDirectory: () => undefined,
    };
  }
}

function copyOf(file: File): Buffer {
  return Buffer.from(file.bytes.subarray(0, file.length));
}
