/** A process that appends trades and says the number of each after the append returned; to be killed. */
import { writeSync } from 'node:fs';
import { openJournal } from '../../src/journal/open-journal.js';
import { attemptRecord, intentRecord } from './journal-records.js';

const LAST = 1_000_000;
const { journal } = await openJournal({
  dir: process.argv[2]!,
  genesisHash: 'genesisOne',
  segmentBytes: 65_536,
});
for (let number = 1; number <= LAST; number += 1) {
  journal.append(intentRecord(number));
  journal.append(attemptRecord(number));
  writeSync(1, `${number}\n`);
}
