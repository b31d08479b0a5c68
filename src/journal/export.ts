import { archiveDirectoryOf } from './compaction.js';
import { type JournalFs, systemFs } from './journal-fs.js';
import { readSegment } from './record-codec.js';
import { listSegments, segmentPath } from './segments.js';

function toJson(value: unknown): string {
  return JSON.stringify(value, (_name, field: unknown) => {
    if (typeof field === 'bigint') return field.toString();
    if (field instanceof Uint8Array) return Buffer.from(field).toString('base64');
    // Buffer's own toJSON has run before this function sees it.
    const bytes = field as { type?: unknown; data?: unknown } | null;
    if (typeof field === 'object' && bytes?.type === 'Buffer' && Array.isArray(bytes.data)) {
      return Buffer.from(bytes.data as number[]).toString('base64');
    }
    return field;
  });
}

/**
 * The journal with its archive as NDJSON lines, one a record, oldest first: bigints as decimal strings,
 * bytes as base64. A record that is in both (see compaction.ts) comes twice. Damage comes as a line with
 * `kind` `damage`, its segment, offset and length.
 */
export async function* exportJournal(dir: string, files: JournalFs = systemFs): AsyncGenerator<string> {
  for (const directory of [archiveDirectoryOf(dir), dir]) {
    for (const segment of listSegments(files, directory)) {
      for (const stretch of readSegment(await files.readAsync(segmentPath(directory, segment)))) {
        if (stretch.kind === 'record') yield `${toJson(stretch.record)}\n`;
        else yield `${toJson({ kind: 'damage', segment, offset: stretch.offset, length: stretch.length })}\n`;
      }
    }
  }
}
