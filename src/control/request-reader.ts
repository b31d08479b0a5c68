/** Copies out of a request what its route declares to want, and nothing else. */
import type { HttpRequest } from 'uWebSockets.js';
import type { Role } from './access.js';
import { NO_QUERY, type Request, readParameters, readQuery } from './http-exchange.js';
import type { Route } from './route.js';

export class RequestReader {
  readonly #method: string;
  readonly #path: string;
  readonly #parameterCount: number;
  readonly #readsQuery: boolean;
  readonly #readsAccept: boolean;

  constructor({ method, path, request, answers }: Route) {
    this.#method = method;
    this.#path = path;
    this.#parameterCount = path.split('/').filter((part) => part.startsWith(':')).length;
    this.#readsQuery = request?.query !== undefined;
    this.#readsAccept = Object.values(answers).some(({ content }) => Object.keys(content).length > 1);
  }

  /** The body comes later. @throws HotslotError HEAD_TOO_LARGE */
  read(request: HttpRequest, caller: Role, receivedUs: number): Request {
    return {
      method: this.#method,
      path: this.#path,
      query: this.#readsQuery ? readQuery(request) : NO_QUERY,
      parameters: readParameters(request, this.#parameterCount),
      accept: this.#readsAccept ? request.getHeader('accept') : '',
      caller,
      receivedUs,
      body: undefined,
    };
  }
}
