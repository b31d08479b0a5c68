/** One POST over undici: bounded in time, its answer's body thrown away, redirects not followed. */
import { Agent, request } from 'undici';
import type { Clock } from '../time/clock.js';
import type { OutgoingRequest } from './message.js';

/** Bytes of an answer that are read so that the connection may be kept. */
const MAX_ANSWER_BYTES = 16_384;
const CONNECTIONS_A_HOST = 2;
const MS_A_SECOND = 1_000;

export interface PostAnswer {
  readonly status: number;
  /** What the receiver asks us to wait. */
  readonly retryAfterMs: number | undefined;
}

export interface Poster {
  /** @throws an error of undici or of the network, with its code; ETIMEDOUT when it took too long */
  post(outgoing: OutgoingRequest): Promise<PostAnswer>;
  close(): Promise<void>;
}

export function createPoster(clock: Clock, timeoutMs: number): Poster {
  const agent = new Agent({ connections: CONNECTIONS_A_HOST, pipelining: 1 });
  return {
    async post({ url, headers, body }) {
      const patience = new AbortController();
      const timer = clock.after(timeoutMs, () => patience.abort(timedOut()));
      try {
        const { signal } = patience;
        const answer = await request(url, { method: 'POST', headers, body, signal, dispatcher: agent });
        // The status is the answer: a body that breaks off changes nothing.
        await answer.body.dump({ limit: MAX_ANSWER_BYTES, signal }).catch(() => undefined);
        return { status: answer.statusCode, retryAfterMs: retryAfterMs(answer.headers['retry-after']) };
      } finally {
        timer.cancel();
      }
    },
    close: () => agent.destroy(),
  };
}

function timedOut(): Error {
  return Object.assign(new Error('it took too long'), { code: 'ETIMEDOUT' });
}

/** The form in seconds; a date is not taken. */
function retryAfterMs(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,6}$/.test(header) ? Number(header) * MS_A_SECOND : undefined;
}
