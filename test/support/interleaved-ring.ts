/**
 * Runs a ring's two sides through every interleaving of their accesses of shared memory in which at most a given
 * number of times a side that could go on has to stand aside (the waits and the ends of a side cost nothing).
 */
import { MessageChannel, Worker } from 'node:worker_threads';
import { Ring } from '../../src/threads/ring.js';
import { GATE, GATE_WORDS, SIDE, type SteppedRun } from './step-gate.js';

const SLOTS = 4;
/** A side that takes longer to come to its next step hangs within one. */
const STEP_TIMEOUT_MS = 20_000;
/** No run is longer by far. */
const MAX_STEPS = 1_000;

interface Side {
  readonly name: string;
  readonly gate: Int32Array;
  readonly thread: Worker;
}

/** A point at which either side could take the next step. */
interface Choice {
  readonly options: readonly Side[];
  taken: number;
}

export interface Scenario {
  /** Main's program; see stepped-ring-side.ts. */
  readonly main: string;
  /** Published before either side starts. */
  readonly published: readonly number[];
  readonly maxPreemptions: number;
  readonly check: (ring: Ring) => void;
}

export class InterleavedRing {
  readonly #sides: readonly [Side, Side];

  constructor() {
    this.#sides = [open('worker'), open('main')];
  }

  /**
   * @returns how many interleavings there were
   * @throws Error with the steps, where both sides sleep for ever
   */
  explore(scenario: Scenario): number {
    const choices: Choice[] = [];
    let runs = 0;
    do {
      this.#run(scenario, choices);
      runs++;
      while (choices.length > 0 && choices.at(-1)!.taken + 1 === choices.at(-1)!.options.length)
        choices.pop();
      if (choices.length > 0) choices.at(-1)!.taken++;
    } while (choices.length > 0);
    return runs;
  }

  async close(): Promise<void> {
    await Promise.all(this.#sides.map((side) => side.thread.terminate()));
  }

  /** Goes by `choices` as far as they reach, and adds those that it comes to. */
  #run(scenario: Scenario, choices: Choice[]): void {
    const ring = Ring.create({ slots: SLOTS, slotBytes: 16 });
    for (const value of scenario.published) {
      words(ring, ring.next)[0] = value;
      ring.publish();
    }
    this.#start(ring, scenario.main);
    let current: Side | undefined;
    let preemptions = 0;
    let made = 0;
    const steps: string[] = [];
    for (;;) {
      const ready = this.#sides.filter((side) => stateOf(side) === SIDE.atGate);
      if (ready.length === 0) break;
      const goesOn = current !== undefined && ready.includes(current);
      let next = goesOn ? current! : ready[0]!;
      if (ready.length > 1 && (!goesOn || preemptions < scenario.maxPreemptions)) {
        if (made === choices.length) {
          choices.push({ options: [next, ready.find((side) => side !== next)!], taken: 0 });
        }
        const choice = choices[made++]!;
        next = choice.options[choice.taken]!;
      }
      if (goesOn && next !== current) preemptions++;
      current = next;
      steps.push(next.name);
      this.#step(next);
      if (steps.length > MAX_STEPS) throw new Error(`It does not end: ${steps.join(' ')}`);
    }
    if (this.#sides.some((side) => stateOf(side) === SIDE.asleep)) {
      throw new Error(`A wake-up was lost: ${steps.join(' ')}`);
    }
    scenario.check(ring);
  }

  #start(ring: Ring, main: string): void {
    const { port1, port2 } = new MessageChannel();
    const ports = [port2, port1];
    for (const [i, side] of this.#sides.entries()) {
      Atomics.store(side.gate, GATE.state, SIDE.running);
      const program = side.name === 'main' ? main : 'worker';
      const run: SteppedRun = { ring: ring.handle, port: ports[i]!, program };
      side.thread.postMessage(run, [run.port]);
    }
    for (const side of this.#sides) arrived(side);
  }

  #step(side: Side): void {
    proceed(side);
    const notified = Atomics.exchange(side.gate, GATE.notified, 0) - 1;
    for (const other of this.#sides) {
      if (stateOf(other) === SIDE.asleep && other.gate[GATE.sleepsOn] === notified) proceed(other);
    }
  }
}

export function words(ring: Ring, count: number): Uint32Array {
  const slot = ring.slot(count);
  return new Uint32Array(slot.buffer, slot.byteOffset, 4);
}

function open(name: string): Side {
  const gate = new Int32Array(new SharedArrayBuffer(GATE_WORDS * 4));
  const thread = new Worker(new URL('./stepped-ring-side.js', import.meta.url), { workerData: gate });
  return { name, gate, thread };
}

const stateOf = (side: Side): number => Atomics.load(side.gate, GATE.state);

function proceed(side: Side): void {
  Atomics.store(side.gate, GATE.state, SIDE.running);
  Atomics.notify(side.gate, GATE.state);
  arrived(side);
}

function arrived(side: Side): void {
  while (stateOf(side) === SIDE.running) {
    if (Atomics.wait(side.gate, GATE.state, SIDE.running, STEP_TIMEOUT_MS) === 'timed-out') {
      throw new Error(`${side.name} does not come to its next step`);
    }
  }
}
