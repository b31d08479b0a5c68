/** The message that belongs to a seed and an index, and the target that it is for. */

import { seeded } from '../drill/seeded.js';
import { loadProtoRoot } from '../localnet/geyser/proto-root.js';
import { adminRequest } from './admin-requests.js';
import { controlRequest, kestraRequest } from './control-requests.js';
import { GrpcMessages } from './grpc-messages.js';
import { jupiterRequest } from './jupiter-requests.js';
import { liveMessage, packedMessage } from './live-messages.js';
import { type Message, TARGETS, type TargetName } from './message.js';
import { pubsubMessage } from './pubsub-messages.js';
import { rawHttp, rawHttp2 } from './raw-messages.js';
import { rpcRequest } from './rpc-requests.js';
import type { Surroundings } from './surroundings.js';

/**
 * Parts of a thousand. Kept-alive and pipelined targets get most: they are where values are tried. A connection for
 * each message costs twenty times as much, and tries framing only.
 */
export const MIX: { readonly [Target in TargetName]: number } = {
  control: 380,
  kestra: 20,
  controlRaw: 8,
  live: 60,
  livePacked: 40,
  rpc: 240,
  rpcRaw: 6,
  pubsub: 120,
  pubsubRaw: 4,
  admin: 26,
  adminRaw: 2,
  jupiter: 20,
  grpc: 70,
  grpcRaw: 4,
};

/** The target of each index, as a place in `TARGETS`. */
export function planOf(seed: string, count: number): Uint8Array {
  const random = seeded(seed, 'mix');
  const wheel = TARGETS.flatMap((target, at) => Array.from({ length: MIX[target] }, () => at));
  const plan = new Uint8Array(count);
  for (let index = 0; index < count; index += 1) plan[index] = random.pick(wheel);
  return plan;
}

export class Generator {
  readonly #seed: string;
  readonly #around: Surroundings;
  readonly #grpc = new GrpcMessages(loadProtoRoot());

  constructor(seed: string, around: Surroundings) {
    this.#seed = seed;
    this.#around = around;
  }

  message(target: TargetName, index: number): Message {
    const random = seeded(this.#seed, `message ${index}`);
    const around = this.#around;
    switch (target) {
      case 'control':
        return controlRequest(random, around, index);
      case 'kestra':
        return kestraRequest(random, around, index);
      case 'live':
        return liveMessage(random, around, index);
      case 'livePacked':
        return packedMessage(random, around, index);
      case 'jupiter':
        return jupiterRequest(random, around, index);
      case 'rpc':
        return rpcRequest(random, around, index);
      case 'pubsub':
        return pubsubMessage(random, around, index);
      case 'admin':
        return adminRequest(random, index);
      case 'grpc':
        return this.#grpc.next(random, around, index);
      case 'grpcRaw':
        return rawHttp2(random, index);
      case 'controlRaw':
      case 'rpcRaw':
      case 'pubsubRaw':
      case 'adminRaw':
        return rawHttp(random, index);
    }
  }
}
