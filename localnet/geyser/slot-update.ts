import type { SlotEvent, SlotLifeStatus } from '../engine/messages.js';
import { ownBuffer } from '../own-buffer.js';
import { writeCreatedAt } from './timestamp.js';
import { WireWriter } from './wire-writer.js';

const UPDATE_SLOT = 3;

/** Numbers of `SlotStatus`. */
const STATUS_NUMBERS: Readonly<Record<SlotLifeStatus, number>> = {
  processed: 0,
  confirmed: 1,
  finalized: 2,
  firstShred: 3,
  completed: 4,
  createdBank: 5,
  dead: 6,
};

const writer = new WireWriter();

/** One step in a slot's life on its way to subscribers. */
export class SlotUpdate {
  readonly event: SlotEvent;
  #body: Buffer | undefined;

  constructor(event: SlotEvent) {
    this.event = event;
  }

  body(): Buffer {
    if (this.#body === undefined) {
      const { slot, parent, status, atMs, deadError } = this.event;
      const start = writer.open(UPDATE_SLOT);
      writer.uint(1, slot);
      if (parent !== null) writer.uintAlways(2, parent);
      writer.uint(3, STATUS_NUMBERS[status]);
      if (deadError !== undefined) writer.stringAlways(4, deadError);
      writer.close(start);
      writeCreatedAt(writer, atMs);
      // Kept as long as the slot's history.
      this.#body = ownBuffer(writer.finish());
    }
    return this.#body;
  }
}
