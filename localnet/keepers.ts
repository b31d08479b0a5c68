/**
 * Those who want the cluster to live on although its parent has ended. Each keeps a connection open: the system
 * closes it however its holder ends, so that no process id has to be trusted and nothing has to be renewed.
 */
import type { ServerResponse } from 'node:http';

/** Connections that may keep the cluster at once; executors and the commands that restart them need two or three. */
export const KEEPERS_MAX = 64;

export class Keepers {
  readonly #held = new Set<ServerResponse>();

  /** Connections that are open now. */
  get count(): number {
    return this.#held.size;
  }

  /**
   * Answers with a line of JSON and leaves the answer open until its client goes.
   * @returns false where there are `KEEPERS_MAX` already; nothing was written then
   */
  hold(response: ServerResponse): boolean {
    if (this.#held.size >= KEEPERS_MAX) return false;
    this.#held.add(response);
    response.once('close', () => this.#held.delete(response));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write(`${JSON.stringify({ keepers: this.#held.size })}\n`);
    return true;
  }
}
