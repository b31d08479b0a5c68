/** One seed's world: a cluster, its nodes, a machine with a disk, and the lives of one process on it. */
import type { StateChange, Trade } from '../../src/model/trade.js';
import { Checker } from './checker.js';
import { Clients } from './client.js';
import { EventLog } from './event-log.js';
import { Life } from './life.js';
import { MemoryDisk } from './memory-fs.js';
import type { Profile } from './profile.js';
import { SeededRandom } from './seeded-random.js';
import { SIM_START_MS, VirtualClock } from './virtual-clock.js';
import { VirtualCluster } from './virtual-cluster.js';
import { VirtualNodes } from './virtual-nodes.js';
import { ReplayBuffer } from './virtual-stream.js';

const MAX_DOWN_MS = 4_000;
const MAX_STALL_MS = 8_000;
/** By how much clocks are set: what NTP corrects, and what a wrong time zone or a dead battery does. */
const CLOCK_STEPS_MS = [-3_600_000, -7_000, -400, 400, 7_000, 3_600_000];
/** How long after a stop its release comes, where one comes. */
const MAX_STOP_SLOTS = 40;

export class World {
  readonly profile: Profile;
  readonly clock = new VirtualClock();
  readonly replayBuffer = new ReplayBuffer();
  readonly disk = new MemoryDisk();
  readonly events: EventLog;
  readonly cluster: VirtualCluster;
  readonly nodes: VirtualNodes;
  readonly checker: Checker;
  readonly clients: Clients;
  readonly #random: SeededRandom;
  life: Life | undefined;
  isHealed = false;
  isDirty = true;
  crashes = 0;
  stops = 0;
  #wallOffsetMs = 0;
  #stalledUntilMs = 0;
  #isOver = false;

  constructor(profile: Profile) {
    this.profile = profile;
    this.events = new EventLog(profile.story);
    // Not the numbers that the profile was drawn from.
    this.#random = new SeededRandom(profile.seed ^ 0x5f3759df);
    const random = this.#random;
    this.cluster = new VirtualCluster(this.clock, random.fork(), profile, (items) => {
      this.replayBuffer.add(this.cluster.slot, items);
      this.life?.stream?.push(items);
    });
    this.nodes = new VirtualNodes(
      this.clock,
      random.fork(),
      profile,
      this.cluster,
      () => this.dirty(),
      (run) => this.whenAwake(run),
    );
    this.checker = new Checker(this.cluster, profile, (line) => this.log(line));
    this.clients = new Clients(this, random.fork());
    this.#begin();
    this.#plan();
  }

  dirty(): void {
    this.isDirty = true;
  }

  /** What the machine's clock shows, epoch ms. */
  wallMs(): number {
    return this.clock.nowMs() + this.#wallOffsetMs;
  }

  /** Hands something to the process: at once, or when it goes on. */
  whenAwake(run: () => void): void {
    const waitMs = this.#stalledUntilMs - this.clock.exactMs;
    if (waitMs <= 0) run();
    else
      this.clock.after(waitMs, () => {
        this.dirty();
        this.whenAwake(run);
      });
  }

  log(line: string): void {
    this.events.add(this.clock.exactMs - SIM_START_MS, line);
  }

  told(trade: Trade, change: StateChange): void {
    const { source, slot, detail } = change.evidence;
    this.log(`${trade.id} ${change.state} by ${source} ${slot ?? ''} ${detail ?? ''}`);
    this.checker.told(trade, change);
  }

  /** The present life was killed: another one begins after a while. */
  lifeEnded(): void {
    this.life = undefined;
    if (this.#isOver) return;
    this.crashes += 1;
    this.clock.after(this.#random.between(1, MAX_DOWN_MS), () => this.#begin());
  }

  /** From here on everything works. */
  heal(): void {
    this.isHealed = true;
    this.log('healed');
    this.cluster.heal();
    this.nodes.heal();
    this.life?.stream?.heal();
  }

  /** The process is taken away; what is on its way to the cluster goes on. */
  end(): void {
    this.#isOver = true;
    this.life?.kill('the end');
  }

  #begin(): void {
    this.log('a life begins');
    this.checker.lifeBegan();
    this.life = new Life(this, this.#random.fork());
  }

  #plan(): void {
    const { profile, clock } = this;
    const random = this.#random;
    const someTime = (): number =>
      random.between(0, profile.workloadSlots + profile.chaosTailSlots / 4) * profile.slotMs;
    for (let count = 0; count < profile.crashes; count += 1) {
      clock.after(someTime(), () => {
        if (!this.isHealed) this.life?.kill('by chance');
      });
    }
    for (let count = 0; count < profile.clockSteps; count += 1) {
      const stepMs = random.pick(CLOCK_STEPS_MS);
      clock.after(someTime(), () => {
        this.log(`the clock is set by ${stepMs} ms`);
        this.#wallOffsetMs += stepMs;
      });
    }
    for (let count = 0; count < profile.stalls; count += 1) {
      const stallMs = random.between(200, MAX_STALL_MS);
      clock.after(someTime(), () => {
        if (this.isHealed) return;
        this.log(`the process stands still for ${Math.round(stallMs)} ms`);
        this.#stalledUntilMs = Math.max(this.#stalledUntilMs, clock.exactMs + stallMs);
      });
    }
    for (let count = 0; count < profile.stops; count += 1) clock.after(someTime(), () => this.#stop());
    for (let count = 0; count < profile.lesserGrades; count += 1) {
      const grade = random.pick(['drain', 'reduce'] as const);
      const trip = (): void => {
        if (!this.life?.isReady || this.isHealed) return;
        this.log(grade);
        this.life.trip(grade);
        this.#releaseLater();
      };
      clock.after(someTime(), () => this.whenAwake(trip));
    }
  }

  #stop(): void {
    this.whenAwake(() => this.#stopNow());
  }

  #stopNow(): void {
    const { life } = this;
    if (!life?.isReady || this.isHealed) return;
    this.log('stop');
    if (!life.trip('stop')) return;
    this.stops += 1;
    this.checker.stopAnswered(life.desk.liveAttempts());
    this.#releaseLater();
  }

  #releaseLater(): void {
    if (this.#random.chance(0.3)) return;
    this.clock.after(this.#random.int(0, MAX_STOP_SLOTS) * this.profile.slotMs, () =>
      this.whenAwake(() => {
        if (!this.life?.isReady) return;
        this.log('release');
        if (this.life.release()) this.checker.released();
      }),
    );
  }
}
