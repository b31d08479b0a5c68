/** The engine without its thread: slots, transactions and state, driven by whoever holds the clock. */
import type { Genesis } from '../genesis/types.js';
import type { BlockContext } from './admission.js';
import { BackgroundLoad } from './background-load.js';
import { Banking } from './banking.js';
import { type BootState, bootFromGenesis, bootFromSnapshot, writeSnapshot } from './boot.js';
import { MAX_BLOCKHASH_AGE_BLOCKS } from './chain.js';
import { changeConditions, DEFAULT_CONDITIONS } from './conditions.js';
import { Faucet } from './faucet.js';
import { Inbound } from './inbound.js';
import type {
  AccountState,
  AccountWrite,
  DroppedEvent,
  EngineEvent,
  SimulationRequest,
  SimulationResult,
  SlotConditions,
} from './messages.js';
import { pendingTransaction, TICKS_PER_SLOT } from './open-block.js';
import { createPrng, type Prng } from './prng.js';
import { bootFromLedger, type EngineResume } from './resume.js';
import { ABSENT_ACCOUNT } from './runtime.js';
import { createLeaderSchedule } from './schedule.js';
import { simulateTransaction } from './simulation.js';
import { SlotProducer } from './slots.js';
import { isSysvar } from './well-known.js';
import { type ParsedTransaction, parseTransaction } from './wire.js';
import { WireError } from './wire-error.js';

export interface EngineOptions {
  readonly genesis: Genesis;
  /** Hash of the first block, and what tells one chain from another. */
  readonly genesisHash: string;
  /** Everything that happens by chance follows from it. */
  readonly seed: string;
  readonly conditions?: Partial<SlotConditions>;
  /** Slot of the first block; default 0. Not used with a snapshot. */
  readonly startSlot?: number;
  /** From an earlier run of the same chain. */
  readonly snapshot?: Uint8Array;
  /** From a kept ledger of the same chain; not together with a snapshot. */
  readonly resume?: EngineResume;
}

export interface EngineHost {
  /** Epoch milliseconds, never running back. */
  nowMs(): number;
  emit(event: EngineEvent): void;
}

export interface Submission {
  readonly wire: Uint8Array;
  readonly external: boolean;
  /** Instead of the set network delay. */
  readonly delayMs?: number;
}

export class Engine {
  private readonly state: BootState;
  private readonly slots: SlotProducer;
  private readonly inbound = new Inbound();
  private readonly banking: Banking;
  private load: BackgroundLoad | undefined;
  private readonly faucet: Faucet;
  private readonly leaderAt: (slot: number) => string;
  private readonly jitter: Prng;
  private readonly versions = {
    next: (): bigint => {
      this.state.counters.writeVersion += 1n;
      return this.state.counters.writeVersion;
    },
  };
  private currentConditions: SlotConditions;

  constructor(
    private readonly options: EngineOptions,
    private readonly host: EngineHost,
  ) {
    const { genesis, seed } = options;
    this.currentConditions = changeConditions(DEFAULT_CONDITIONS, options.conditions ?? {});
    this.leaderAt = createLeaderSchedule(seed, genesis.validators);
    this.jitter = createPrng(seed, 'jitter');
    this.state = boot(options, Math.floor(host.nowMs() / 1000));
    this.faucet = new Faucet(genesis.faucet, this.state.counters.airdrops);
    this.slots = new SlotProducer(this.state, seed, {
      nowMs: () => host.nowMs(),
      emit: (event) => host.emit(event),
      conditions: () => this.currentConditions,
      leaderAt: this.leaderAt,
      requeue: (transactions) => this.banking.putBack(transactions),
      rewrite: (writes) => this.writeAccounts(writes),
    });
    this.banking = new Banking(seed, this.versions, {
      nowMs: () => host.nowMs(),
      emit: (event) => host.emit(event),
      conditions: () => this.currentConditions,
      context: (open) => ({ ...this.context(), open }),
    });
  }

  /** Tells of all that stands at the root, then begins the first slot. Call once. */
  start(): void {
    this.announceRoot();
    this.beginSlot();
  }

  currentSlot(): number {
    return this.slots.currentSlot();
  }

  conditions(): SlotConditions {
    return this.currentConditions;
  }

  /** @throws RangeError */
  setConditions(change: Partial<SlotConditions>): SlotConditions {
    this.currentConditions = changeConditions(this.currentConditions, change);
    return this.currentConditions;
  }

  /** Bytes that cannot be a transaction, or that find no room, are dropped with an event. */
  submit(submission: Submission): void {
    try {
      this.enqueue(submission, false);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.drop('', 'invalid');
    }
  }

  /** When the next transaction arrives; undefined when none is under way. */
  nextArrivalMs(): number | undefined {
    return this.inbound.nextArrivalMs();
  }

  /** Executes what has arrived until `untilMs` on the host's clock. True: more waits for this very block. */
  run(untilMs = Number.POSITIVE_INFINITY): boolean {
    this.receiveArrived();
    while (this.slots.open !== null) {
      if (!this.banking.placeNext(this.slots.open)) return false;
      if (this.host.nowMs() >= untilMs) return this.banking.hasWaiting();
    }
    return false;
  }

  /** Ends the current slot and begins the next. */
  nextSlot(): void {
    this.slots.end();
    this.beginSlot();
    this.offerLoad();
  }

  /** @throws WireError */
  simulate(request: SimulationRequest): SimulationResult {
    return simulateTransaction(request, this.context());
  }

  /** @throws Error for an address or amount that is not one. */
  airdrop(address: string, lamports: bigint): string {
    const surviving = this.state.chain.all().findLast((block) => !block.doomed)!;
    const wire = this.faucet.payment(address, lamports, surviving.blockhash);
    this.state.counters.airdrops = this.faucet.airdropCount();
    return this.enqueue({ wire, external: true }, true);
  }

  /** @throws Error if the runtime refuses the account. */
  setAccount(address: string, account: AccountState): void {
    this.writeAccounts(new Map([[address, account]]));
  }

  /** The state after the last block that will survive. */
  snapshot(): Uint8Array {
    const { forks, open } = this.slots;
    const surviving = this.state.chain.all().filter((block) => !block.doomed);
    return forks.onSurvivingState(open, () => writeSnapshot(this.state, surviving, this.options.genesisHash));
  }

  private beginSlot(): void {
    this.slots.begin();
    if (this.slots.open !== null) this.banking.beginBlock(this.slots.open);
  }

  private receiveArrived(): void {
    const nowMs = this.host.nowMs();
    for (let next = this.inbound.takeArrived(nowMs); next; next = this.inbound.takeArrived(nowMs)) {
      this.banking.receive(next);
    }
  }

  private enqueue(submission: Submission, sticky: boolean): string {
    const parsed = parseTransaction(submission.wire);
    const { leaderDelayMs, leaderDelayJitterMs } = this.currentConditions;
    const jitterMs = (this.jitter() * 2 - 1) * leaderDelayJitterMs;
    const delayMs = submission.delayMs ?? Math.max(0, leaderDelayMs + jitterMs);
    this.send(parsed, { external: submission.external, sticky }, delayMs);
    return parsed.signature;
  }

  private send(
    parsed: ParsedTransaction,
    kind: { readonly external: boolean; readonly sticky: boolean },
    delayMs: number,
  ): void {
    const transaction = pendingTransaction(parsed, kind);
    if (transaction === undefined) this.drop(parsed.signature, 'invalid');
    else if (!this.inbound.submit(transaction, this.host.nowMs() + delayMs)) {
      this.drop(parsed.signature, 'overload');
    }
  }

  /** The background load of a slot that has just begun. */
  private offerLoad(): void {
    const conditions = this.currentConditions;
    if (conditions.loadRate === 0) return;
    this.load ??= new BackgroundLoad(this.options.seed, this.options.genesis.pools);
    this.writeAccounts(this.load.missingAccounts(this.state.store));
    // Confirmed, as a client would take it.
    const { blockhash } = this.state.chain.all().findLast((block) => block.confirmed)!;
    for (const { wire, at } of this.load.transactions(this.currentSlot(), conditions, blockhash)) {
      this.send(parseTransaction(wire), { external: false, sticky: false }, at * conditions.slotMs);
    }
  }

  private context(): BlockContext {
    const { chain, store } = this.state;
    const { open } = this.slots;
    const head = chain.head();
    return { chain, store, open, slot: open?.slot ?? head.slot, parent: open?.parent ?? head };
  }

  private drop(signature: string, reason: DroppedEvent['reason']): void {
    this.host.emit({ type: 'dropped', signature, reason, atMs: this.host.nowMs() });
  }

  private writeAccounts(accounts: ReadonlyMap<string, AccountState>): void {
    if (accounts.size === 0) return;
    const { chain, store } = this.state;
    const block = this.slots.forks.blockToNote(this.slots.open);
    const writes: AccountWrite[] = [];
    for (const [address, account] of accounts) {
      if (isSysvar(address)) throw new Error(`The cluster itself keeps ${address}`);
      store.write(address, account, block?.undo ?? null);
      block?.clusterWrites.set(address, account);
      writes.push({ address, account, writeVersion: this.versions.next() });
    }
    this.host.emit({ type: 'accounts', slot: block?.slot ?? chain.head().slot, writes });
  }

  private announceRoot(): void {
    const { chain, store } = this.state;
    const head = chain.head();
    const writes: AccountWrite[] = [];
    for (const address of store.written) {
      const account = store.get(address) ?? ABSENT_ACCOUNT;
      if (account.lamports > 0n) writes.push({ address, account, writeVersion: this.versions.next() });
    }
    this.host.emit({ type: 'accounts', slot: head.slot, writes });
    let parentBlockhash = '11111111111111111111111111111111';
    for (const block of chain.all()) {
      if (head.height - block.height <= MAX_BLOCKHASH_AGE_BLOCKS) {
        this.announceRooted(block.slot, parentBlockhash);
      }
      parentBlockhash = block.blockhash;
    }
  }

  private announceRooted(slot: number, parentBlockhash: string): void {
    const block = this.state.chain.all().find((candidate) => candidate.slot === slot)!;
    this.host.emit({
      type: 'block',
      slot,
      parentSlot: block.parentSlot,
      blockhash: block.blockhash,
      parentBlockhash,
      blockHeight: block.height,
      blockTime: block.blockTime,
      leader: this.leaderAt(slot),
      transactionCount: block.signatures.length,
      entryCount: TICKS_PER_SLOT + block.signatures.length,
    });
    const atMs = this.host.nowMs();
    for (const status of ['processed', 'confirmed', 'finalized'] as const) {
      this.host.emit({ type: 'slot', slot, parent: block.parentSlot, status, atMs });
    }
  }
}

function boot(options: EngineOptions, unixTimestamp: number): BootState {
  const { genesis, genesisHash, snapshot, resume, startSlot = 0 } = options;
  if (snapshot !== undefined) return bootFromSnapshot(snapshot, genesisHash);
  if (resume !== undefined) return bootFromLedger(resume);
  return bootFromGenesis(genesis, genesisHash, startSlot, unixTimestamp);
}
