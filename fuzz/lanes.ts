/** How many connections each target gets, and how many messages go on one at a time. */
import { GrpcLane } from './grpc-lane.js';
import { HttpLane } from './http-lane.js';
import type { Lane, TargetName } from './message.js';
import { RawLane } from './raw-lane.js';
import type { FuzzedSystem } from './system.js';
import { WebSocketLane } from './websocket-lane.js';

/** The executor drops a client that sends more than two thousand messages a second. */
const LIVE_PERIOD_MS = 35;

export interface Lanes {
  readonly lanes: readonly Lane[];
  readonly batch: number;
}

export function lanesOf(target: TargetName, system: FuzzedSystem): Lanes {
  const { host, port } = system.portOf(target);
  const some = (count: number, make: () => Lane) => Array.from({ length: count }, make);
  switch (target) {
    case 'control':
      return { lanes: some(8, () => new HttpLane(host, port)), batch: 64 };
    case 'rpc':
      return { lanes: some(24, () => new HttpLane(host, port)), batch: 32 };
    case 'kestra':
    case 'admin':
    case 'jupiter':
      return { lanes: some(4, () => new HttpLane(host, port)), batch: 16 };
    case 'pubsub':
      return { lanes: some(8, () => new WebSocketLane({ host, port, path: '/' })), batch: 32 };
    case 'live':
    case 'livePacked': {
      const path = target === 'live' ? '/ws' : '/ws?format=msgpack';
      const headers = [['Authorization', `Bearer ${system.surroundings.tokens.admin}`]] as const;
      const address = { host, port, path, headers, periodMs: LIVE_PERIOD_MS };
      return { lanes: some(6, () => new WebSocketLane(address)), batch: 32 };
    }
    case 'grpc':
      return { lanes: some(6, () => new GrpcLane(host, port)), batch: 32 };
    default:
      return { lanes: some(2, () => new RawLane(host, port)), batch: 16 };
  }
}
