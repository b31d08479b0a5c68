/** A file of lines that grows by several lines at once: all of them get there or none does. */
import { appendFile, type FileHandle, open, truncate } from 'node:fs/promises';

const CHUNK_BYTES = 64 * 1024;
const LINE_FEED = 10;

export class WholeLines {
  /** What the file was before an append that has not come through, whole or not. */
  #before: { readonly path: string; readonly bytes: number } | undefined;

  /**
   * Bytes of the file, 0 where there is none. What an append that failed, or a process that died in the middle of one,
   * has left behind its last whole line is cut off. @throws what the file system throws
   */
  async mend(path: string): Promise<number> {
    const handle = await open(path, 'r+').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    });
    if (handle === undefined) return 0;
    try {
      const { size } = await handle.stat();
      const known = this.#before?.path === path ? this.#before.bytes : size;
      const whole = await endOfLines(handle, Math.min(size, known));
      if (whole < size) await handle.truncate(whole);
      return whole;
    } finally {
      await handle.close();
    }
  }

  /**
   * @param bytes of the file, as `mend` gave them
   * @throws what the file system throws; the file is then as it was, at once or after the next `mend`
   */
  async append(path: string, bytes: number, lines: string): Promise<void> {
    this.#before = { path, bytes };
    try {
      await appendFile(path, lines);
    } catch (error) {
      // Whoever reads the file meanwhile finds no half of it.
      await truncate(path, bytes).catch(() => undefined);
      throw error;
    }
    this.#before = undefined;
  }
}

/** Where the last whole line within the first `end` bytes ends. */
async function endOfLines(handle: FileHandle, end: number): Promise<number> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (let to = end; to > 0; ) {
    const from = Math.max(0, to - CHUNK_BYTES);
    const { bytesRead } = await handle.read(chunk, 0, to - from, from);
    const at = chunk.subarray(0, bytesRead).lastIndexOf(LINE_FEED);
    if (at >= 0) return from + at + 1;
    to = from;
  }
  return 0;
}
