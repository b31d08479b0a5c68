/** A Yellowstone node that tells a model chain in its own time, with cuts, freezes and forks that it never saw. */

import { status } from '@grpc/grpc-js';
import { base58 } from '@scure/base';
import type { Transport } from '../../src/stream/transport.js';
import type { Clock } from '../../src/time/clock.js';
import { addressOf, type ModelEvent, type ModelSlot, type ModelWrite } from './chain-model.js';
import { FakeServer, type FakeSession } from './fake-stream.js';

const OWNER = base58.decode('11111111111111111111111111111111');

/** One message of a node. */
type Word = (session: FakeSession, atMs: number) => void;

export class ModelNode {
  readonly #server = new FakeServer();
  readonly #clock: Clock;
  readonly #queue: { readonly dueMs: number; readonly word: Word }[] = [];
  #writeVersion: bigint;
  #frozen = false;
  #accepting = true;
  #openedMs = 0;

  /** @param firstWriteVersion nodes count on their own, from different numbers */
  constructor(clock: Clock, firstWriteVersion: number) {
    this.#clock = clock;
    this.#writeVersion = BigInt(firstWriteVersion);
  }

  readonly transport: Transport = (handlers) => {
    const made = this.#server.transport(handlers);
    const session = this.#server.last;
    this.#openedMs = this.#clock.nowMs();
    if (!this.#accepting) {
      this.#clock.after(1, () => session.end(status.UNAVAILABLE, 'no'));
    } else if (!this.#frozen) {
      this.#clock.after(1, () => session.ping(this.#clock.nowMs()));
    }
    return { ...made, send: (request) => (this.#frozen ? undefined : made.send(request)) };
  };

  get sessions(): number {
    return this.#server.sessions.length;
  }

  /** Puts an event's messages in the node's queue, spread evenly from `startMs` on. */
  enqueue(event: ModelEvent, startMs: number, stepMs: number): void {
    const words = event.kind === 'slot' ? this.#wordsOf(event.slot) : [this.#settled(event)];
    const last = this.#queue.at(-1)?.dueMs ?? 0;
    // A node says things in order, however late it is.
    words.forEach((word, index) => {
      this.#queue.push({ dueMs: Math.max(last, startMs + index * stepMs), word });
    });
  }

  get queued(): number {
    return this.#queue.length;
  }

  /** Says what is due; what falls into a cut is lost, what falls into a freeze waits for its session. */
  tell(): void {
    const nowMs = this.#clock.nowMs();
    if (this.#frozen || this.#server.sessions.length === 0) return;
    const session = this.#server.last;
    while (this.#queue.length > 0 && this.#queue[0]!.dueMs <= nowMs) {
      const { word, dueMs } = this.#queue.shift()!;
      if (dueMs >= this.#openedMs) word(session, nowMs);
    }
  }

  cut(): void {
    this.#server.sessions.at(-1)?.end(status.UNAVAILABLE, 'cut');
  }

  freeze(): void {
    this.#frozen = true;
  }

  thaw(): void {
    this.#frozen = false;
  }

  refuse(refusing: boolean): void {
    this.#accepting = !refusing;
  }

  #wordsOf({ slot, parent, height, dies, writes }: ModelSlot): Word[] {
    const words: Word[] = [(session, atMs) => session.status(slot, 'createdBank', parent, atMs)];
    for (const write of writes) {
      this.#writeVersion++;
      const writeVersion = this.#writeVersion;
      words.push((session) => session.send({ account: accountUpdate(write, writeVersion) }));
    }
    if (dies) {
      words.push((session, atMs) => session.status(slot, 'dead', parent, atMs));
      return words;
    }
    words.push((session, atMs) => {
      session.meta(slot, parent, atMs, height);
      session.status(slot, 'processed', parent, atMs);
    });
    return words;
  }

  #settled(event: Extract<ModelEvent, { kind: 'settled' }>): Word {
    return (session, atMs) => session.send({ slot: settledUpdate(event) }, atMs);
  }
}

function settledUpdate({ slot, status: name }: Extract<ModelEvent, { kind: 'settled' }>) {
  return {
    slot: String(slot),
    parent: undefined,
    status: name === 'confirmed' ? 1 : 2,
    deadError: undefined,
  };
}

function accountUpdate({ account, value, slot }: ModelWrite, writeVersion: bigint) {
  const data = Buffer.alloc(4);
  data.writeUInt32LE(value);
  return {
    account: {
      pubkey: base58.decode(addressOf(account)),
      lamports: '1',
      owner: OWNER,
      executable: false,
      rentEpoch: '0',
      data,
      writeVersion: String(writeVersion),
      txnSignature: new Uint8Array(64).fill(value & 0xff),
    },
    slot: String(slot),
    isStartup: false,
  };
}
