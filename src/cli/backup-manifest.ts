/** A backup's list of its files, by which it can be proven whole. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { z } from 'zod';

export const MANIFEST = 'manifest.json';

export const manifestSchema = z.object({
  format: z.literal('hotslot-backup'),
  version: z.literal(1),
  takenAtMs: z.number(),
  files: z.array(z.object({ path: z.string(), bytes: z.number(), sha256: z.string() })),
});

export type Manifest = z.output<typeof manifestSchema>;

/** @param bytes how much of the file counts; it may be growing */
export async function digestOf(path: string, bytes: number): Promise<string> {
  const hash = createHash('sha256');
  if (bytes > 0) for await (const chunk of createReadStream(path, { end: bytes - 1 })) hash.update(chunk);
  return hash.digest('hex');
}
