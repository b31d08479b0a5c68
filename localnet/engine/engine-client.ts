/** The main thread's side of the engine. */
import { Worker } from 'node:worker_threads';
import type { EngineClient, SendOutcome } from '../ledger/types.js';
import type { Submission } from './engine.js';
import type {
  AccountState,
  DroppedEvent,
  EngineEvent,
  SimulationRequest,
  SimulationResult,
  SlotConditions,
} from './messages.js';
import type { CallName, EngineCalls, FromEngine, PlainError, ToEngine, WorkerOptions } from './protocol.js';
import { parseTransaction } from './wire.js';
import { WireError } from './wire-error.js';

/** Most submissions that the engine's thread has not read yet; what comes on top is dropped, as a node would. */
export const MAX_UNREAD_SUBMISSIONS = 20_000;
const CLOSE_TIMEOUT_MS = 2_000;

export type EngineEventsListener = (events: readonly EngineEvent[]) => void;

interface PendingCall {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Starts the engine's thread. Resolves when its state stands; no slot passes before `run`. */
export async function startEngine(options: WorkerOptions): Promise<Engine> {
  const worker = new Worker(new URL('./engine-worker.js', import.meta.url), { workerData: options });
  const ready = await new Promise<Extract<FromEngine, { type: 'ready' }>>((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (message: FromEngine) => {
      worker.off('error', reject);
      if (message.type === 'ready') resolve(message);
      else reject(new Error(`The engine began with ${message.type}`));
    });
  });
  return new Engine(worker, ready.conditions, ready.slot);
}

/** Every asynchronous call rejects once the engine is closed or has failed. */
export class Engine implements EngineClient {
  private readonly listeners = new Set<EngineEventsListener>();
  private readonly calls = new Map<number, PendingCall>();
  private nextCallId = 1;
  private unsent: Submission[] = [];
  private unread = 0;
  private isRunning = false;
  private failure: Error | null = null;
  private readonly exited: Promise<void>;
  private faultListener: ((error: Error) => void) | null = null;

  constructor(
    private readonly worker: Worker,
    private currentConditions: SlotConditions,
    private slot: number,
  ) {
    worker.on('message', (message: FromEngine) => this.receive(message));
    worker.on('error', (error) => this.fail(error));
    this.exited = new Promise((resolve) => {
      worker.once('exit', () => {
        this.fail(new Error('The engine was closed'));
        resolve();
      });
    });
  }

  /** Batches of events in the order of their making. Register before `run`, or the root's state is missed. */
  onEvents(listener: EngineEventsListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Told when the engine's thread has failed by itself. */
  onFault(listener: (error: Error) => void): void {
    this.faultListener = listener;
  }

  /** Announces the root and begins the first slot. Later calls do nothing. */
  run(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    this.post({ type: 'run' });
  }

  /** The slot that the engine's clock is in, as of its last message. */
  currentSlot(): number {
    return this.slot;
  }

  submit(
    wire: Uint8Array,
    options: { readonly external?: boolean; readonly delayMs?: number } = {},
  ): SendOutcome {
    const { signature } = parseTransaction(wire);
    if (this.unread >= MAX_UNREAD_SUBMISSIONS) {
      this.deliver([dropped(signature)]);
      return { signature };
    }
    this.unread += 1;
    if (this.unsent.length === 0) queueMicrotask(() => this.sendSubmissions());
    this.unsent.push({
      wire: ownBytes(wire),
      external: options.external ?? true,
      ...(options.delayMs === undefined ? {} : { delayMs: options.delayMs }),
    });
    return { signature };
  }

  simulate(request: SimulationRequest): Promise<SimulationResult> {
    return this.call('simulate', { ...request, wire: ownBytes(request.wire) }) as Promise<SimulationResult>;
  }

  airdrop(address: string, lamports: bigint): Promise<string> {
    return this.call('airdrop', { address, lamports });
  }

  async setAccount(address: string, account: AccountState): Promise<void> {
    await this.call('setAccount', { address, account: { ...account, data: ownBytes(account.data) } });
  }

  conditions(): SlotConditions {
    return this.currentConditions;
  }

  async setConditions(change: Partial<SlotConditions>): Promise<SlotConditions> {
    this.currentConditions = await this.call('setConditions', change);
    return this.currentConditions;
  }

  step(slots = 1): Promise<number> {
    return this.call('step', slots);
  }

  /** The state after the last block that will survive; `startEngine` goes on from it. */
  snapshot(): Promise<Uint8Array> {
    return this.call('snapshot', null);
  }

  /** Collects in the engine's thread, which has a heap of its own. */
  async collectGarbage(): Promise<void> {
    await this.call('collectGarbage', null);
  }

  /** Ends the thread; by force if it does not end by itself. */
  async close(): Promise<void> {
    this.faultListener = null;
    this.worker.postMessage({ type: 'close' } satisfies ToEngine);
    const timer = setTimeout(() => void this.worker.terminate(), CLOSE_TIMEOUT_MS);
    await this.exited;
    clearTimeout(timer);
  }

  private call<Name extends CallName>(
    name: Name,
    args: EngineCalls[Name]['args'],
  ): Promise<EngineCalls[Name]['result']> {
    if (this.failure !== null) return Promise.reject(this.failure);
    // Submissions of this turn were made before this call, and must arrive before it.
    this.sendSubmissions();
    const id = this.nextCallId;
    this.nextCallId += 1;
    return new Promise((resolve, reject) => {
      this.calls.set(id, { resolve: resolve as PendingCall['resolve'], reject });
      this.post({ type: 'call', id, name, args } as ToEngine);
    });
  }

  private sendSubmissions(): void {
    if (this.unsent.length === 0) return;
    const submissions = this.unsent;
    this.unsent = [];
    this.post({ type: 'submit', submissions });
  }

  private post(message: ToEngine): void {
    if (this.failure === null) this.worker.postMessage(message);
  }

  private receive(message: FromEngine): void {
    if (message.type === 'events') {
      this.unread -= message.taken;
      this.slot = message.slot;
      this.deliver(message.events);
    } else if (message.type === 'answer') {
      this.settle(message.id, (call) => call.resolve(message.result));
    } else if (message.type === 'refusal') {
      this.settle(message.id, (call) => call.reject(toError(message.error)));
    }
  }

  private deliver(events: readonly EngineEvent[]): void {
    if (events.length === 0) return;
    for (const listener of this.listeners) listener(events);
  }

  private settle(id: number, end: (call: PendingCall) => void): void {
    const call = this.calls.get(id);
    if (call === undefined) return;
    this.calls.delete(id);
    end(call);
  }

  private fail(error: Error): void {
    if (this.failure !== null) return;
    this.failure = error;
    for (const id of [...this.calls.keys()]) this.settle(id, (call) => call.reject(error));
    this.faultListener?.(error);
  }
}

function dropped(signature: string): DroppedEvent {
  return { type: 'dropped', signature, reason: 'overload', atMs: performance.timeOrigin + performance.now() };
}

/** Cloning a view clones the whole buffer behind it: a view of a pool would take the pool along. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : Uint8Array.prototype.slice.call(bytes);
}

function toError(error: PlainError): Error {
  if (error.kind === 'wire') return new WireError(error.reason ?? 'malformed', error.message);
  return error.kind === 'range' ? new RangeError(error.message) : new Error(error.message);
}
