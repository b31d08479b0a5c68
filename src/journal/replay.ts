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
  /** A segment, or all of them, could not be read. */
  readonly isUnreadable: boolean;
}

const NOTHING = Buffer.alloc(0);

/**
 * Reads all segments in order. Bytes that are no record are saved to `<segment>.<offset>.corrupt` and
 * reported; a torn end is then cut off, so that it is reported once. Other damage is reported until what it may have
 * hidden is settled. What cannot be read at all is a fault as well: the trades of the rest go on.
 */
export function replayDirectory(files: JournalFs, directory: string): Replay {
  const state = new StateBuilder();
  let faults: JournalFault[] = [];
  const settled = new SettledDamage();
  let isUnreadable = false;
  const readOr = <T>(read: () => T, instead: T, segment: number): T => {
    try {
      return read();
    } catch (error) {
      isUnreadable = true;
      const detail = `it cannot be read: ${(error as Error).message}`;
      faults.push({ kind: 'corrupt', segment, offset: 0, length: 0, detail });
      return instead;
    }
  };
  let genesisHash: string | undefined;
  let lastSegment = 0;
  for (const segment of readOr(() => listSegments(files, directory), [], 0)) {
    lastSegment = segment;
    const path = segmentPath(directory, segment);
    const bytes = readOr(() => files.read(path), NOTHING, segment);
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
  return { state, faults: unsettled, genesisHash, lastSegment, isUnreadable };
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
