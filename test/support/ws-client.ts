/** A client of `/ws` that checks every frame against its schema, and remembers them. */
import { Packr, Unpackr } from 'msgpackr';
import { WebSocket } from 'ws';
import { z } from 'zod';
import {
  ANSWER_FRAMES,
  type EventFrame,
  type ServerFrame,
  type SnapshotFrame,
  TOPIC_FRAMES,
  type Topic,
} from '../../src/control/ws-protocol.js';
import { eventually } from './executor-under-test.js';

const topicFrames = Object.values(TOPIC_FRAMES).flatMap(({ snapshot, event }) => [snapshot, event]);
const serverFrame = z.union([...Object.values(ANSWER_FRAMES), ...topicFrames] as z.ZodType[]);
const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false });

export interface ConnectOptions {
  readonly format?: 'json' | 'msgpack';
  readonly headers?: { readonly [name: string]: string };
  readonly protocols?: readonly string[];
  readonly query?: string;
}

export class TestClient {
  readonly frames: ServerFrame[] = [];
  readonly socket: WebSocket;
  readonly #isMsgpack: boolean;
  #closed: { code: number; reason: string } | undefined;
  #fault: Error | undefined;

  /** @param url of the control plane */
  constructor(url: string, options: ConnectOptions = {}) {
    this.#isMsgpack = options.format === 'msgpack';
    const query = options.query ?? (this.#isMsgpack ? '?format=msgpack' : '');
    const address = `${url.replace(/^http/, 'ws')}/ws${query}`;
    this.socket = new WebSocket(address, [...(options.protocols ?? [])], { headers: options.headers ?? {} });
    this.socket.on('message', (data: Buffer, isBinary) => this.#take(data, isBinary));
    this.socket.on('close', (code, reason) => {
      this.#closed = { code, reason: reason.toString() };
    });
    this.socket.on('error', (error) => {
      this.#fault ??= error;
    });
  }

  /** The status with which the upgrade was refused. */
  static async refusal(url: string, options: ConnectOptions = {}): Promise<{ status: number; code: string }> {
    const client = new TestClient(url, options);
    return new Promise((resolve, reject) => {
      client.socket.on('open', () => reject(new Error('the connection was taken')));
      client.socket.on('unexpected-response', (_request, response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, code: JSON.parse(text).code }));
      });
    });
  }

  send(frame: object): void {
    this.socket.send(this.#isMsgpack ? packr.pack(frame) : JSON.stringify(frame));
  }

  /** Waits for the first frame that fits, from the beginning. */
  async frame<Type extends ServerFrame['type']>(
    type: Type,
    fits: (frame: Extract<ServerFrame, { type: Type }>) => boolean = () => true,
  ): Promise<Extract<ServerFrame, { type: Type }>> {
    return eventually(`a frame ${type}`, () => {
      if (this.#fault !== undefined) throw this.#fault;
      return this.frames.find(
        (frame): frame is Extract<ServerFrame, { type: Type }> =>
          frame.type === type && fits(frame as Extract<ServerFrame, { type: Type }>),
      );
    });
  }

  async opened(): Promise<this> {
    await this.frame('welcome');
    return this;
  }

  events<Name extends Topic>(topic: Name): Extract<EventFrame, { topic: Name }>[] {
    return this.frames.filter(
      (frame): frame is Extract<EventFrame, { topic: Name }> =>
        frame.type === 'event' && frame.topic === topic,
    );
  }

  snapshotOf<Name extends Topic>(topic: Name): Promise<Extract<SnapshotFrame, { topic: Name }>> {
    return this.frame('snapshot', (frame) => frame.topic === topic) as Promise<
      Extract<SnapshotFrame, { topic: Name }>
    >;
  }

  closed(): Promise<{ code: number; reason: string }> {
    return eventually('the end of the connection', () => this.#closed);
  }

  close(): void {
    this.socket.terminate();
  }

  #take(data: Buffer, isBinary: boolean): void {
    try {
      if (isBinary !== this.#isMsgpack) throw new Error('a frame came in the other format');
      const frame = this.#isMsgpack ? unpackr.unpack(data) : JSON.parse(data.toString('utf8'));
      this.frames.push(serverFrame.parse(frame) as ServerFrame);
    } catch (error) {
      this.#fault ??= error as Error;
    }
  }
}
