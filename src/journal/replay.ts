import { join } from 'node:path';
import type { JournalFs } from './journal-fs.js';
import { replaceFile } from './journal-fs.js';
import { readSegment } from './record-codec.js';
import { type JournalFault, StateBuilder } from './replayed-state.js';
import { listSegments, segmentName, segmentPath } from './segments.js';
import { SettledDamage } from './settled-damage.js';

export interface Replay {
  readonly state: StateBuilder;
  readonly faults: JournalFault[];
  /** Of the first `chain` record; undefined for an empty journal. */
  readonly genesisHash: string | undefined;
  readonly lastSegment: number;
}

/**
 * Reads all segments in order. Bytes that are no record are saved to `<segment>.<offset>.corrupt` and
 * reported; a torn end is then cut off, so that it is reported once. Other damage is reported until what it may have
 * hidden is settled.
 */
export function replayDirectory(files: JournalFs, directory: string): Replay {
  const state = new StateBuilder();
  let faults: JournalFault[] = [];
  const settled = new SettledDamage();
  let genesisHash: string | undefined;
  let lastSegment = 0;
  for (const segment of listSegments(files, directory)) {
    lastSegment = segment;
    const path = segmentPath(directory, segment);
    const bytes = files.read(path);
    for (const stretch of readSegment(bytes)) {
      const { offset, length } = stretch;
      if (stretch.kind === 'damage') {
        const kind = stretch.isCut ? 'torn' : 'corrupt';
        const damaged = bytes.subarray(offset, offset + length);
        faults.push({
          kind,
          segment,
          offset,
          length,
          ...setAside(files, directory, path, segment, offset, damaged, kind),
        });
        continue;
      }
      if (stretch.record.kind === 'searched') settled.add(stretch.record.stretches);
      if (stretch.record.kind === 'chain') genesisHash ??= stretch.record.genesisHash;
      // Compaction may have been stopped while it removed what it had replaced: half of that contradicts itself.
      if (stretch.record.kind === 'compacted')
        faults = faults.filter((fault) => fault.kind !== 'contradiction');
      const detail = state.add(stretch.record);
      if (detail !== undefined) faults.push({ kind: 'contradiction', segment, offset, length, detail });
    }
  }
  const unsettled = faults.filter((fault) => !settled.has(fault));
  return { state, faults: unsettled, genesisHash, lastSegment };
}

/** On a full disk the bytes stay where they are and are reported again at the next start: live trades go on. */
function setAside(
  files: JournalFs,
  directory: string,
  path: string,
  segment: number,
  offset: number,
  damaged: Buffer,
  kind: 'torn' | 'corrupt',
): Pick<JournalFault, 'savedAs' | 'detail'> {
  const savedAs = `${segmentName(segment)}.${offset}.corrupt`;
  try {
    replaceFile(files, directory, join(directory, savedAs), damaged);
    if (kind === 'torn') files.truncatePath(path, offset);
    return { savedAs };
  } catch (error) {
    return { detail: `it could not be set aside: ${(error as Error).message}` };
  }
}
