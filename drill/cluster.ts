/** The embedded cluster as the drills use it: a process of its own, driven by its command line and admin routes. */
import { request } from 'undici';
import { type LocalnetInfo, type LocalnetProcess, startLocalnet } from '../src/embedded/localnet-process.js';
import type { SlotSample, Submission } from './evidence.js';

const TIMEOUT_MS = 20_000;

export type ChaosChange = Readonly<Record<string, number | boolean>>;

export class DrillCluster {
  readonly info: LocalnetInfo;
  readonly #process: LocalnetProcess;
  #goneFor: string | undefined;

  private constructor(process: LocalnetProcess) {
    this.#process = process;
    this.info = process.info;
    process.onExit((detail) => {
      this.#goneFor = detail;
    });
  }

  /** @throws Error when it has ended by itself: nothing that follows would mean anything */
  assertAlive(): void {
    if (this.#goneFor !== undefined) throw new Error(this.#goneFor);
  }

  /** @param args further arguments of its command line; every port is chosen by the system */
  static async start(args: readonly string[]): Promise<DrillCluster> {
    const ports = ['--rpc-port', '0', '--ws-port', '0', '--grpc-port', '0', '--admin-port', '0'];
    return new DrillCluster(await startLocalnet(['--quiet', '--exit-with-parent', ...ports, ...args]));
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }

  /** Changes the named chaos settings and leaves the others. */
  async setChaos(change: ChaosChange): Promise<void> {
    await this.#ask('PUT', '/chaos', change);
  }

  async setConditions(change: Readonly<Record<string, number>>): Promise<void> {
    await this.#ask('PUT', '/conditions', change);
  }

  async clearChaos(): Promise<void> {
    await this.#ask('DELETE', '/chaos');
  }

  async cutStreams(): Promise<void> {
    await this.#ask('POST', '/cut-streams', {});
  }

  async slots(): Promise<SlotSample & { readonly processed: number; readonly confirmed: number }> {
    const askedAtMs = Date.now();
    const slots = (await this.#ask('GET', '/slots')) as Record<
      'tip' | 'processed' | 'confirmed' | 'finalized',
      number
    >;
    return { askedAtMs, ...slots };
  }

  /** The cluster's own record of sends: those that came at or after the time. */
  async submissions(sinceMs = 0): Promise<readonly Submission[]> {
    const answer = (await this.#ask('GET', `/record?sinceMs=${sinceMs}`)) as { submissions: Submission[] };
    return answer.submissions;
  }

  async #ask(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<unknown> {
    const response = await request(this.info.adminUrl.replace(/\/$/, '') + path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer: unknown = await response.body.json();
    if (response.statusCode !== 200) throw new Error(`the cluster's ${path}: ${JSON.stringify(answer)}`);
    return answer;
  }
}
