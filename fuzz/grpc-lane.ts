/**
 * gRPC calls on node's own HTTP/2, because a gRPC library would not send what is wrong: any bytes in any framing, a
 * request stream that is ended, left open or reset.
 */
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { ENDINGS } from './grpc-messages.js';
import type { Lane, Message, Outcome } from './message.js';

const SILENCE_MS = 240_000;
/** Calls on one connection before a new one is made. */
const CALLS_A_CONNECTION = 500;
/** For a stream whose server waits for bytes that never come. */
const PATIENCE_MS = 300;

export class GrpcLane implements Lane {
  readonly #url: string;
  #session: ClientHttp2Session | undefined;
  #calls = 0;

  constructor(host: string, port: number) {
    this.#url = `http://${host}:${port}`;
  }

  async send(batch: readonly Message[]): Promise<readonly Outcome[]> {
    return Promise.all(
      batch.map(async (message) => {
        const outcome = await this.#call(message);
        // A connection that was about to end has not refused the call.
        return outcome.type === 'closed' ? this.#call(message) : outcome;
      }),
    );
  }

  close(): void {
    this.#session?.close();
    this.#session = undefined;
  }

  #open(): ClientHttp2Session {
    if (this.#session === undefined || this.#session.destroyed || this.#session.closed) {
      this.#session = connect(this.#url);
      this.#session.on('error', () => undefined);
      this.#calls = 0;
    }
    this.#calls += 1;
    const session = this.#session;
    // Calls that are under way end first.
    if (this.#calls >= CALLS_A_CONNECTION) this.close();
    return session;
  }

  #call(message: Message): Promise<Outcome> {
    const ending = ENDINGS[(message.bytes[0] ?? 0) % ENDINGS.length];
    const bytes = message.bytes.subarray(1);
    return new Promise((resolve) => {
      let stream: ClientHttp2Stream;
      try {
        stream = this.#open().request({
          ':method': 'POST',
          ':path': message.path ?? '/',
          'content-type': 'application/grpc',
          te: 'trailers',
        });
      } catch {
        this.#session = undefined;
        resolve({ type: 'closed' });
        return;
      }
      let http = 0;
      let status: number | undefined;
      let isSilent = false;
      const timer = setTimeout(
        () => {
          isSilent = message.mayClose !== true;
          stream.close(constants.NGHTTP2_CANCEL);
        },
        message.mayClose === true ? PATIENCE_MS : SILENCE_MS,
      );
      const note = (headers: { readonly [name: string]: unknown }) => {
        if (headers['grpc-status'] !== undefined) status = Number(headers['grpc-status']);
      };
      stream.on('response', (headers) => {
        http = headers[':status'] ?? 0;
        note(headers);
      });
      stream.on('trailers', note);
      stream.on('data', () => {
        // A subscription goes on: no more is wanted than to see that it was taken.
        if (message.path?.endsWith('Subscribe') === true) stream.close(constants.NGHTTP2_CANCEL);
      });
      stream.on('error', () => undefined);
      stream.on('close', () => {
        clearTimeout(timer);
        resolve(isSilent ? { type: 'silence' } : { type: 'grpc', status, http });
      });
      if (ending === 'leaveOpen') stream.write(bytes);
      else if (ending === 'reset') stream.write(bytes, () => stream.close(constants.NGHTTP2_CANCEL));
      else stream.end(bytes);
    });
  }
}
