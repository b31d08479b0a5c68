/** A real redis-server of a test's own, on a port of its own, which can be killed and brought back. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { eventually } from './executor-under-test.js';
import { freePort } from './installation.js';

export class RedisUnderTest {
  readonly port: number;
  readonly #directory = mkdtempSync(join(tmpdir(), 'hotslot-redis-'));
  readonly #options: readonly string[];
  #server: ChildProcess | undefined;
  #client: Redis | undefined;

  private constructor(port: number, options: readonly string[]) {
    this.port = port;
    this.#options = options;
  }

  /** @param options further arguments of redis-server */
  static async start(...options: string[]): Promise<RedisUnderTest> {
    const redis = new RedisUnderTest(await freePort(), options);
    await redis.bringBack();
    return redis;
  }

  /** With the password, where `--requirepass` gives one. */
  get url(): string {
    const at = this.#options.indexOf('--requirepass');
    const login = at < 0 ? '' : `:${this.#options[at + 1]}@`;
    return `redis://${login}127.0.0.1:${this.port}`;
  }

  /** A client of the test's own. */
  get client(): Redis {
    if (this.#client === undefined) throw new Error('there is no redis-server now');
    return this.#client;
  }

  /** Starts it on the same port: empty, as nothing is kept on disk. */
  async bringBack(): Promise<void> {
    this.#server = spawn(
      'redis-server',
      [
        ...['--port', String(this.port), '--bind', '127.0.0.1', '--save', ''],
        ...['--dir', this.#directory, ...this.#options],
      ],
      { stdio: 'ignore' },
    );
    const client = new Redis(this.url, { replyMapping: 'legacy' });
    client.on('error', () => undefined);
    this.#client = client;
    await eventually('Redis', async () => ((await client.ping()) === 'PONG' ? true : undefined));
  }

  async kill(): Promise<void> {
    this.#client?.disconnect();
    this.#client = undefined;
    const server = this.#server;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
  }

  /** It takes connections and answers nothing. */
  freeze(): void {
    this.#server?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#server?.kill('SIGCONT');
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** The entries of a stream, each as an object of its fields. */
  async entries(key: string): Promise<{ readonly [field: string]: string }[]> {
    const entries = await this.client.xrange(key, '-', '+');
    return entries.map(([, flat]) => {
      const fields: { [field: string]: string } = {};
      for (let index = 0; index < flat.length; index += 2) fields[flat[index]!] = flat[index + 1]!;
      return fields;
    });
  }
}
