/** The messages between the engine's thread and its client. Every one survives structured cloning. */
import type { Genesis } from '../genesis/types.js';
import type { EngineOptions, Submission } from './engine.js';
import type { AccountState, EngineEvent, SimulationRequest, SlotConditions } from './messages.js';
import type { WireError } from './wire-error.js';

export interface WorkerOptions extends EngineOptions {
  readonly genesis: Genesis;
  /** Slots pass by `step` only, and time with them. */
  readonly manualClock: boolean;
}

/** Calls that are answered, by name: what goes in and what comes back. */
export interface EngineCalls {
  simulate: { readonly args: SimulationRequest; readonly result: unknown };
  airdrop: {
    readonly args: { readonly address: string; readonly lamports: bigint };
    readonly result: string;
  };
  setAccount: {
    readonly args: { readonly address: string; readonly account: AccountState };
    readonly result: null;
  };
  setConditions: { readonly args: Partial<SlotConditions>; readonly result: SlotConditions };
  step: { readonly args: number; readonly result: number };
  snapshot: { readonly args: null; readonly result: Uint8Array };
  collectGarbage: { readonly args: null; readonly result: null };
}

export type CallName = keyof EngineCalls;

export type ToEngine =
  | { readonly type: 'run' }
  | { readonly type: 'close' }
  | { readonly type: 'submit'; readonly submissions: readonly Submission[] }
  | {
      readonly [Name in CallName]: {
        readonly type: 'call';
        readonly id: number;
        readonly name: Name;
        readonly args: EngineCalls[Name]['args'];
      };
    }[CallName];

/** An error without its class, which does not survive the way between threads. */
export interface PlainError {
  readonly kind: 'wire' | 'range' | 'other';
  readonly message: string;
  readonly reason?: WireError['reason'];
}

export type FromEngine =
  | { readonly type: 'ready'; readonly conditions: SlotConditions; readonly slot: number }
  /** `taken`: submissions read since the last message, so that the client knows how far behind the engine is. */
  | {
      readonly type: 'events';
      readonly events: readonly EngineEvent[];
      readonly taken: number;
      readonly slot: number;
    }
  | { readonly type: 'answer'; readonly id: number; readonly result: unknown }
  | { readonly type: 'refusal'; readonly id: number; readonly error: PlainError };
