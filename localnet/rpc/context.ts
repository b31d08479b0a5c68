/** What every method needs, and the choice of the view ("bank") that answers it. */
import type { ChaosControls } from '../chaos/chaos.js';
import type { Commitment } from '../engine/messages.js';
import type { EngineClient, Ledger } from '../ledger/types.js';
import type { Json } from './encode/json.js';
import { minContextSlotNotReached } from './errors.js';
import type { LeaderSchedules } from './leader-schedules.js';
import { type Config, readCommitment, readOptionalU64 } from './params.js';

/** The release of the node software whose behaviour this server shows. */
export const CORE_VERSION = '2.3.6';
export const FEATURE_SET = 3640012085;

export interface RpcContext {
  readonly ledger: Ledger;
  readonly engine: EngineClient;
  readonly chaos: ChaosControls | undefined;
  /** Epoch milliseconds with a fraction. */
  readonly nowMs: () => number;
  /** Called for every `sendTransaction` whose bytes have a signature, with the time its last byte was read. */
  readonly onSendReceived: ((signature: string, receivedAtMs: number) => void) | undefined;
  /** Told to `signatureSubscribe` clients that asked for it. */
  readonly onSignatureReceived: (signature: string) => void;
  /** Slots behind the cluster's tip at which `getHealth` calls the node unhealthy. */
  readonly healthCheckSlotDistance: number;
  /** Slots older than the kept ledger are looked up elsewhere (and not found): -32009 in place of -32001. */
  readonly longTermStorage: boolean;
  readonly leaderSchedules: LeaderSchedules;
  /** Where this node says that it can be reached, in `getClusterNodes`. */
  readonly addresses: () => { readonly rpc: string; readonly pubsub: string };
}

export interface Call {
  /** When the request's last byte was read from the socket; epoch milliseconds with a fraction. */
  readonly receivedAtMs: number;
}

export type Method = (params: unknown, context: RpcContext, call: Call) => Json | Promise<Json>;

export interface View {
  readonly commitment: Commitment;
  readonly slot: number;
}

/** The view at the commitment that the options name (default `finalized`). Throws -32016 when it is too old. */
export function selectView(ledger: Ledger, config: Config, fallback: Commitment = 'finalized'): View {
  const commitment = readCommitment(config.commitment) ?? fallback;
  return viewAt(ledger, commitment, readOptionalU64(config.minContextSlot));
}

export function viewAt(ledger: Ledger, commitment: Commitment, minContextSlot?: number): View {
  const slot = ledger.slot(commitment);
  if (minContextSlot !== undefined && slot < minContextSlot) throw minContextSlotNotReached(slot);
  return { commitment, slot };
}

export function withContext(slot: number, value: Json): Json {
  return { context: { apiVersion: CORE_VERSION, slot }, value };
}
