/** Reads the journal beside the main thread: the logic is in src/journal. */
import { parentPort, workerData } from 'node:worker_threads';
import { outInJournal } from '../src/journal/out-in-journal.js';

parentPort?.postMessage(outInJournal(workerData as string));
