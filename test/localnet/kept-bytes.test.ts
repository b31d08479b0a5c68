/**
 * What the cluster keeps as bytes is as large as it is. Copies that were cut from Node's pool once held eight kilobytes
 * for each transaction of the ledger and each slot of the history.
 */
import { expect, it } from 'vitest';
import type { ExecutedTransaction, SlotEvent } from '../../localnet/engine/messages.js';
import { SlotUpdate } from '../../localnet/geyser/slot-update.js';
import { StoredTransaction } from '../../localnet/ledger/stored-transaction.js';
import { collectGarbage } from '../../src/memory-signal.js';

const KEPT = 1_000;
const MOST_BYTES_EACH = 2_048;

/** Bytes of buffers that are held by what `make` makes, among small buffers that nobody keeps. */
async function heldBytes(make: (place: number) => unknown): Promise<number> {
  make(0);
  const before = (await collectGarbage()).after.arrayBuffers;
  const kept: unknown[] = [];
  for (let place = 0; place < KEPT; place += 1) {
    kept.push(make(place));
    for (let more = 0; more < 12; more += 1) Buffer.from('x'.repeat(1_000));
  }
  const { after } = await collectGarbage();
  expect(kept).toHaveLength(KEPT);
  return after.arrayBuffers - before;
}

it.each([
  [
    'a transaction of the ledger',
    (place: number) => {
      const transaction = { signature: `${place}`, slot: place, wire: new Uint8Array(600), writes: [] };
      const stored = new StoredTransaction(transaction as unknown as ExecutedTransaction, []);
      stored.pack();
      return stored;
    },
  ],
  [
    'a status of a slot',
    (place: number) => {
      const event = { slot: place, parent: place, status: 'processed', atMs: place };
      const update = new SlotUpdate(event as unknown as SlotEvent);
      update.body();
      return update;
    },
  ],
])('%s holds no more than its own bytes', async (_name, make) => {
  expect(await heldBytes(make)).toBeLessThan(KEPT * MOST_BYTES_EACH);
});
