/** Every endpoint's connections: which one is free, and one more wherever a first send finds none or leaves none. */
import type { Lane } from './lane.js';

export interface LaneGrowth {
  /** Another connection to the endpoint of this name. It may end; the pool then opens a new one when it needs it. */
  readonly open: (name: string) => Lane;
  /** Most connections to one endpoint, those that were there from the start among them. */
  readonly most: number;
}

export class LanePool {
  /** Lanes of one name are interchangeable connections to one endpoint. */
  readonly names: readonly string[];
  readonly #byName: Map<string, Lane[]>;
  /** Connections to each endpoint from the start: a resend takes none of those that came since. */
  readonly #firstCount: ReadonlyMap<string, number>;
  readonly #growth: LaneGrowth | undefined;
  readonly #onReady: () => void;

  /**
   * @param growth absent: the lanes are as many as they are
   * @param onReady called whenever a lane turns ready
   */
  constructor(lanes: readonly Lane[], growth: LaneGrowth | undefined, onReady: () => void) {
    this.names = [...new Set(lanes.map((lane) => lane.name))];
    this.#byName = new Map(this.names.map((name) => [name, lanes.filter((lane) => lane.name === name)]));
    this.#firstCount = new Map([...this.#byName].map(([name, { length }]) => [name, length]));
    this.#growth = growth;
    this.#onReady = onReady;
    for (const lane of lanes) lane.onReady(onReady);
  }

  /** Resends leave the last free connection to first sends, which would wait for a slow answer otherwise. */
  free(name: string, isResend: boolean): Lane | undefined {
    const lanes = this.#byName.get(name)!;
    const at = lanes.findIndex((lane) => lane.ready);
    if (!isResend || at < 0) return lanes[at];
    if (at >= this.#firstCount.get(name)!) return undefined;
    return lanes.length === 1 || lanes.some((lane, other) => other > at && lane.ready)
      ? lanes[at]
      : undefined;
  }

  /**
   * To be called when a lane was taken: a node that is slow to answer must not hold up what comes next, so one stays
   * ready or is on its way.
   */
  keepSpare(name: string): void {
    if (this.#byName.get(name)!.some((lane) => lane.ready || lane.connecting)) return;
    this.grow(name);
  }

  /**
   * To be called for every first send that found no lane: those of a burst must not wait for one connection after the
   * other. A lane that was opened stays until the node ends it.
   */
  grow(name: string): void {
    if (this.#growth === undefined) return;
    const lanes = this.#byName.get(name)!.filter((lane) => !lane.ended);
    if (lanes.length < this.#growth.most) {
      const lane = this.#growth.open(name);
      lane.onReady(this.#onReady);
      lanes.push(lane);
    }
    this.#byName.set(name, lanes);
  }

  close(): void {
    for (const lanes of this.#byName.values()) for (const lane of lanes) lane.close();
  }
}
