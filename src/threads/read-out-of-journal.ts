/** The journal's live attempts, read on a thread of their own. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { OutInJournal } from '../journal/out-in-journal.js';

const ENTRY = new URL('../../workers/journal-reader.js', import.meta.url);

/** @throws whatever the reading met */
export async function readOutOfJournal(directory: string): Promise<readonly OutInJournal[]> {
  const worker = new Worker(ENTRY, { workerData: directory });
  try {
    const [out] = (await once(worker, 'message')) as [readonly OutInJournal[]];
    return out;
  } finally {
    await worker.terminate();
  }
}
