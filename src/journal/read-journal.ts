/** The journal as it is on disk, read while its executor goes on writing it. */
import { type JournalFs, systemFs } from './journal-fs.js';
import { readSegment } from './record-codec.js';
import { StateBuilder } from './replayed-state.js';
import { listSegments, segmentPath } from './segments.js';

/** A compaction may take segments away while they are read. */
const TRIES = 3;

/**
 * Nothing is repaired, and a last record that is not whole yet is left out.
 * @throws what the file system throws; ENOENT where segments went away in each of the tries
 */
export function readJournal(directory: string, files: JournalFs = systemFs): StateBuilder {
  for (let attempt = 1; ; attempt++) {
    try {
      return readAll(directory, files);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt >= TRIES) throw error;
    }
  }
}

function readAll(directory: string, files: JournalFs): StateBuilder {
  const state = new StateBuilder();
  for (const segment of listSegments(files, directory)) {
    for (const stretch of readSegment(files.read(segmentPath(directory, segment)))) {
      if (stretch.kind === 'record') state.add(stretch.record);
    }
  }
  return state;
}
