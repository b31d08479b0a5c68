/**
 * A process of its own for journal-index-full-disk.test.ts, begun with a bound on the size of its files: puts trades in
 * an index until one is refused, takes the bound away, puts one more, and prints what is in the index then.
 */
import { execFileSync } from 'node:child_process';
import { openJournal } from '../../src/journal/open-journal.js';
import { TradeIndex } from '../../src/journal/trade-index.js';
import { idOf, intentRecord, lifeOf } from './journal-records.js';

const MOST_TRADES = 4_000;

const root = process.argv[2]!;
const journalDir = `${root}/journal`;
const { journal } = await openJournal({ dir: journalDir, genesisHash: 'one' });
for (const record of lifeOf(1)) journal.append(record);
await journal.close();
const { journal: next, replayed } = await openJournal({ dir: journalDir, genesisHash: 'one' });
await next.close();
const index = await TradeIndex.open({ dir: `${root}/index`, journalDir, genesisHash: 'one', replayed });
const [sample] = replayed.trades.values();
if (sample === undefined) throw new Error('the journal has no trade');

let last = 1;
const putNext = () => {
  last += 1;
  const number = last;
  const { intent } = intentRecord(number);
  return index.put({ ...sample, id: idOf(number), intent, attempts: [] }, `fingerprint-${number}`);
};
while (index.fault === undefined && last < MOST_TRADES) await putNext();
// Two of one turn, as trades that end together are.
await Promise.all([putNext(), putNext()]);
const whileFull = index.fault;
const countMissing = () => {
  let missing = 0;
  for (let number = 2; number <= last; number += 1)
    if (index.get(idOf(number)) === undefined || index.byClientOrderId(`order-${number}`) === undefined)
      missing += 1;
  return missing;
};
const missingWhileFull = countMissing();
execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited']);
await putNext();
const missing = countMissing();
await index.close();
const result = { whileFull, missingWhileFull, missing, after: index.fault ?? null };
process.stdout.write(`${JSON.stringify(result)}\n`);
