/** What a signing worker does with its ring: keeps routes and keys that come by mail, and builds attempts. */
import { HotslotError } from '../errors/hotslot-error.js';
import { SigningKey } from '../keys/signing-key.js';
import type { Address } from '../model/brands.js';
import {
  decodeNumbers,
  ECHO_ROUTE,
  encodeBuilt,
  encodeEchoAnswer,
  encodeRefusal,
  routeIdOf,
} from './attempt-codec.js';
import { type BuildRoute, buildAttempt } from './build-attempt.js';
import { boardClock } from './build-clock.js';
import { KeyRing } from './key-ring.js';
import { MAX_ROUTES } from './route-book.js';
import type { RingHandler } from './serve-ring.js';
import { SharedBoard } from './shared-board.js';

export interface SignerSetup {
  readonly board: SharedArrayBuffer;
}

export type SignerMail =
  | { readonly kind: 'route'; readonly id: number; readonly route: BuildRoute }
  /** The seed's buffer was transferred: the receiver takes it into protected memory and zeroes it. */
  | { readonly kind: 'key'; readonly name: string; readonly seed: ArrayBuffer }
  | { readonly kind: 'dropKey'; readonly address: Address };

export function createSignerHandler(setup: SignerSetup): RingHandler {
  const board = new SharedBoard(setup.board);
  const clock = boardClock(board);
  const routes = new Map<number, BuildRoute>();
  const keys = new KeyRing();
  return {
    handle(slot) {
      const id = routeIdOf(slot);
      if (id === ECHO_ROUTE) {
        encodeEchoAnswer(slot);
        return;
      }
      try {
        const route = routes.get(id);
        if (route === undefined) throw new HotslotError('ROUTE_UNKNOWN', { context: { route: id } });
        const numbers = decodeNumbers(slot);
        const parts = buildAttempt(board, route, keys.get(route.wallet), numbers, clock);
        encodeBuilt(slot, parts, numbers.zeroSignature);
      } catch (error) {
        if (!(error instanceof HotslotError)) throw error;
        encodeRefusal(slot, error.toPlain());
      }
    },
    receive(message) {
      const mail = message as SignerMail;
      if (mail.kind === 'key') {
        const seed = new Uint8Array(mail.seed);
        keys.add(SigningKey.fromSeed(mail.name, seed));
        seed.fill(0);
      } else if (mail.kind === 'dropKey') {
        keys.remove(mail.address);
      } else {
        routes.set(mail.id, mail.route);
        if (routes.size > MAX_ROUTES) routes.delete(routes.keys().next().value!);
      }
    },
    idle: () => keys.seal(),
    close: () => keys.clear(),
  };
}
