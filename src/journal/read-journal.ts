/** The journal as it is on disk, read while its executor goes on writing it. */
import { type JournalFs, systemFs } from './journal-fs.js';
import { readSegment } from './record-codec.js';
import { StateBuilder } from './replayed-state.js';
import { listSegments, segmentPath } from './segments.js';

/** Nothing is repaired, and a last record that is not whole yet is left out. */
export function readJournal(directory: string, files: JournalFs = systemFs): StateBuilder {
  const state = new StateBuilder();
  for (const segment of listSegments(files, directory)) {
    for (const stretch of readSegment(files.read(segmentPath(directory, segment)))) {
      if (stretch.kind === 'record') state.add(stretch.record);
    }
  }
  return state;
}
