/** Builds attempts on worker threads. */
import { fileURLToPath } from 'node:url';
import type { SigningKey } from '../keys/signing-key.js';
import type { Address } from '../model/brands.js';
import { assertEncodable, decodeAnswer, encodeEcho, encodeRequest, SLOT_BYTES } from './attempt-codec.js';
import { toFailure } from './inline-builder.js';
import type { KeyListener, KeyRing } from './key-ring.js';
import { type PostMail, RingPool, type RingPoolStats } from './ring-pool.js';
import type { Route, RouteBook } from './route-book.js';
import type { SharedBoard } from './shared-board.js';
import type { SignerMail, SignerSetup } from './signer-handler.js';
import type { AttemptBuilder, BuildFailure, BuildRequest, BuiltAttempt } from './types.js';

/** Tasks that one worker may have waiting. */
export const RING_SLOTS = 64;

export interface PoolBuilderOptions {
  readonly board: SharedBoard;
  readonly routes: RouteBook;
  readonly keys: KeyRing;
  readonly workers: number;
}

const SIGNER = fileURLToPath(new URL('../../workers/signer.js', import.meta.url));

export class PoolBuilder implements AttemptBuilder, KeyListener {
  readonly #board: SharedBoard;
  readonly #routes: RouteBook;
  readonly #keys: KeyRing;
  readonly #pool: RingPool;

  /** `publishClock` must have been called on the board. */
  constructor(options: PoolBuilderOptions) {
    this.#board = options.board;
    this.#routes = options.routes;
    this.#keys = options.keys;
    const setup: SignerSetup = { board: options.board.buffer };
    this.#pool = new RingPool({
      filename: SIGNER,
      workers: options.workers,
      slots: RING_SLOTS,
      slotBytes: SLOT_BYTES,
      setup,
      onStart: (post) => this.#tellEverything(post),
    });
    options.routes.onRoute((route) => this.#pool.broadcast(() => ({ message: routeMail(route) })));
    options.keys.listen({
      onKeyAdded: (key) => this.onKeyAdded(key),
      onKeyRemoved: (address) => this.onKeyRemoved(address),
    });
  }

  async build(request: BuildRequest): Promise<BuiltAttempt | BuildFailure> {
    try {
      assertEncodable(request);
      const route = this.#routes.resolve(request);
      return await this.#pool.submit(
        (slot) => encodeRequest(slot, route.id, request),
        (slot) => decodeAnswer(slot, this.#board),
      );
    } catch (error) {
      return toFailure(error);
    }
  }

  /** A round trip that does nothing: its duration is the hop's cost. */
  async echo(): Promise<void> {
    await this.#pool.submit(encodeEcho, () => undefined);
  }

  /** Workers that take tasks. */
  get alive(): number {
    return this.#pool.alive;
  }

  /** See RingPool: what is being built is built by the successors. */
  terminateWorkers(): Promise<void> {
    return this.#pool.terminateWorkers();
  }

  stats(): RingPoolStats {
    return this.#pool.stats();
  }

  onKeyAdded(key: SigningKey): void {
    this.#pool.broadcast(() => keyMail(key));
  }

  onKeyRemoved(address: Address): void {
    const message: SignerMail = { kind: 'dropKey', address };
    this.#pool.broadcast(() => ({ message }));
  }

  /** Ends the workers; never hangs. What is under way is answered with SHUTTING_DOWN. */
  close(): Promise<void> {
    return this.#pool.close();
  }

  #tellEverything(post: PostMail): void {
    for (const key of this.#keys.all()) {
      const mail = keyMail(key);
      post(mail.message, mail.transfer);
    }
    for (const route of this.#routes.all()) post(routeMail(route));
  }
}

function keyMail(key: SigningKey): {
  readonly message: SignerMail;
  readonly transfer: readonly ArrayBuffer[];
} {
  const seed = key.copySeedForTransfer();
  return { message: { kind: 'key', name: key.name, seed }, transfer: [seed] };
}

function routeMail(route: Route): SignerMail {
  const { id, prepared, pool, poolIndex, wallet, zeroForOne, mode } = route;
  return { kind: 'route', id, route: { prepared, pool, poolIndex, wallet, zeroForOne, mode } };
}
