/** Names of the journal's files. Segments are numbered from 1 and read in order. */
import { join } from 'node:path';
import type { JournalFs } from './journal-fs.js';

export const SEGMENT_PATTERN = /^(\d{8})\.log$/;

/** The largest number that a name can carry. */
export const LAST_SEGMENT = 99_999_999;

export function segmentName(number: number): string {
  return `${String(number).padStart(8, '0')}.log`;
}

export function segmentPath(directory: string, number: number): string {
  return join(directory, segmentName(number));
}

/** Numbers of the segments in a directory, ascending. */
export function listSegments(files: JournalFs, directory: string): number[] {
  if (!files.exists(directory)) return [];
  return files
    .list(directory)
    .map((name) => SEGMENT_PATTERN.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

/** Bytes of all segments in a directory. */
export function bytesOfSegments(files: JournalFs, directory: string): number {
  return listSegments(files, directory).reduce(
    (total, segment) => total + files.size(segmentPath(directory, segment)),
    0,
  );
}
