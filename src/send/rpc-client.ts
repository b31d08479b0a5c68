/** JSON-RPC over kept-alive connections to one endpoint. Reads and recovery; the hot sends have lanes of their own. */
import { Pool } from 'undici';
import { HotslotError } from '../errors/hotslot-error.js';

/** Largest answer that is read, bytes: `getMultipleAccounts` of 100 large accounts fits. */
const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;

export interface RpcClientOptions {
  /** http(s) URL; credentials in it are never shown. */
  readonly url: string;
  /** Shown instead of the URL's host and port, where these do not tell the endpoint apart. */
  readonly endpoint?: string | undefined;
  readonly connections: number;
  readonly timeoutMs: number;
}

/** An error that the node itself answered, with JSON-RPC's code. */
export class RpcResponseError extends Error {
  override readonly name = 'RpcResponseError';
  readonly rpcCode: number;
  readonly data: unknown;
  constructor(rpcCode: number, message: string, data: unknown) {
    super(message);
    this.rpcCode = rpcCode;
    this.data = data;
  }
}

/** What the other stages need of an RPC node; tests and the simulation pass their own. */
export interface RpcCaller {
  /** Host and port, for evidence and breakers: `127.0.0.1:8899`. A second endpoint there is `127.0.0.1:8899#2`. */
  readonly host: string;
  /**
   * @throws HotslotError RPC_TIMEOUT, RPC_FAILED (transport), RpcResponseError (answered by the node)
   */
  call(
    method: string,
    params: readonly unknown[],
    options?: { readonly timeoutMs?: number },
  ): Promise<unknown>;
}

export class RpcClient implements RpcCaller {
  readonly host: string;
  readonly #pool: Pool;
  readonly #path: string;
  readonly #timeoutMs: number;
  #nextId = 1;

  constructor(options: RpcClientOptions) {
    const url = new URL(options.url);
    this.host = options.endpoint ?? url.host;
    this.#path = url.pathname + url.search;
    this.#timeoutMs = options.timeoutMs;
    this.#pool = new Pool(url.origin, {
      connections: options.connections,
      keepAliveTimeout: 60_000,
      connect: { timeout: options.timeoutMs },
      maxResponseSize: MAX_RESPONSE_BYTES,
    });
  }

  async call(
    method: string,
    params: readonly unknown[],
    options: { timeoutMs?: number } = {},
  ): Promise<unknown> {
    const timeoutMs = options.timeoutMs ?? this.#timeoutMs;
    const body = JSON.stringify({ jsonrpc: '2.0', id: this.#nextId++, method, params });
    const text = await this.#post(method, body, timeoutMs);
    let answer: { result?: unknown; error?: { code: number; message: string; data?: unknown } } | null;
    const context = { host: this.host, method };
    try {
      answer = JSON.parse(text);
    } catch (cause) {
      throw new HotslotError('RPC_FAILED', { detail: 'The answer is not JSON.', context, cause });
    }
    if (answer === null) throw new HotslotError('RPC_FAILED', { detail: 'The answer is null.', context });
    if (answer.error) throw new RpcResponseError(answer.error.code, answer.error.message, answer.error.data);
    return answer.result;
  }

  async #post(method: string, body: string, timeoutMs: number): Promise<string> {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const response = await this.#pool.request({
        method: 'POST',
        path: this.#path,
        headers: { 'content-type': 'application/json' },
        body,
        signal,
      });
      const text = await response.body.text();
      if (response.statusCode === 200) return text;
      throw new HotslotError('RPC_FAILED', {
        detail: `HTTP ${response.statusCode}.`,
        context: { host: this.host, method, httpStatus: response.statusCode },
      });
    } catch (cause) {
      if (cause instanceof HotslotError) throw cause;
      const code = signal.aborted ? 'RPC_TIMEOUT' : 'RPC_FAILED';
      throw new HotslotError(code, { context: { host: this.host, method, timeoutMs }, cause });
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
