/** HTTP calls to the executor that served the page. */
import { token } from './token.js';

/** An answer that does not come by then counts as none. */
const TIMEOUT_MS = 5_000;

/** A problem document of the executor. */
export class Problem extends Error {
  readonly status: number;
  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

export const get = <Body>(path: string): Promise<Body> => call('GET', path);
export const post = <Body>(path: string, body?: object): Promise<Body> => call('POST', path, body);

/** @throws Problem for an answer that says no; TypeError or DOMException where none came */
async function call<Body>(method: string, path: string, body?: object): Promise<Body> {
  const bearer = token();
  const response = await fetch(path, {
    method,
    headers: {
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    cache: 'no-store',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const answer = await response.json();
  if (response.ok) return answer as Body;
  throw new Problem(response.status, typeof answer.detail === 'string' ? answer.detail : response.statusText);
}

export function wordsOf(error: unknown): string {
  return error instanceof Problem ? error.message : 'The executor does not answer.';
}
