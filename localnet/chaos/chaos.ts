/**
 * What can be made to go wrong on purpose. One `ChaosControls` belongs to one cluster: the JSON-RPC and
 * Yellowstone servers ask it for the fate of each send and each stream update, the admin server and the
 * scenario player change its settings while the cluster runs. Every decision is drawn from one seeded
 * generator, so that the same seed and the same order of requests meet the same faults.
 */
import { createPrng } from '../engine/prng.js';
import { CHAOS_FIELDS, type ChaosSettings, NO_CHAOS } from './settings.js';

export { CHAOS_FIELDS, type ChaosSettings, NO_CHAOS } from './settings.js';

/** What the JSON-RPC server does with one `sendTransaction`. */
export interface SendFate {
  /**
   * `pass`: as asked. `drop`: answered with the signature, never given to the engine. `http429`/`http500`:
   * answered with that HTTP status. `timeout`: no answer for `sendTimeoutMs`, then the connection is closed.
   */
  readonly kind: 'pass' | 'drop' | 'http429' | 'http500' | 'timeout';
  /** Added to the network delay to the leader, milliseconds; 0 unless `pass`. */
  readonly delayMs: number;
  /** How often the engine gets the bytes: 1, or 2 when duplicated; of `http500` and `timeout` 1 or 0; else 0. */
  readonly copies: number;
}

/** What the Yellowstone server does with one update of one stream (never with pings). */
export interface StreamFate {
  /** The update is left out in silence: a gap. */
  readonly drop: boolean;
  /** The update is sent twice in a row. */
  readonly duplicate: boolean;
  /** The update changes places with the one after it. */
  readonly swapWithNext: boolean;
}

export interface ChaosControls {
  /** Live values; a new frozen object after each change, so read it each time. */
  readonly settings: ChaosSettings;
  /** Changes the named settings and leaves the others. Throws `RangeError` naming the field that does not fit. */
  set(change: Partial<ChaosSettings>): ChaosSettings;
  /** Back to no chaos at all. */
  clear(): ChaosSettings;
  /** True with that probability. A rate of 0 draws nothing from the generator. */
  decide(rate: number): boolean;
  sendFate(): SendFate;
  streamFate(): StreamFate;
  /** Ends every open Yellowstone stream now, once, with UNAVAILABLE. Answers how many listeners were told. */
  cutStreams(): number;
  /** Called at each `cutStreams`; answers the function that stops it. */
  onCutStreams(listener: () => void): () => void;
  /** Called after each change of settings; answers the function that stops it. */
  onChange(listener: (settings: ChaosSettings) => void): () => void;
}

const PASS: SendFate = Object.freeze({ kind: 'pass', delayMs: 0, copies: 1 });
const UNTOUCHED: StreamFate = Object.freeze({ drop: false, duplicate: false, swapWithNext: false });

/**
 * @param seed the same seed decides the same sequence.
 */
export function createChaos(seed: number | string, initial: Partial<ChaosSettings> = {}): ChaosControls {
  const random = createPrng(String(seed), 'chaos');
  const cutListeners = new Set<() => void>();
  const changeListeners = new Set<(settings: ChaosSettings) => void>();
  let settings = applyChange(NO_CHAOS, initial);

  const decide = (rate: number): boolean => rate > 0 && random() < rate;
  const change = (next: ChaosSettings): ChaosSettings => {
    settings = next;
    for (const listener of changeListeners) listener(settings);
    return settings;
  };
  return {
    get settings() {
      return settings;
    },
    set: (update) => change(applyChange(settings, update)),
    clear: () => change(NO_CHAOS),
    decide,
    sendFate() {
      if (decide(settings.send429Rate)) return { kind: 'http429', delayMs: 0, copies: 0 };
      const isFault = decide(settings.send500Rate);
      if (isFault || decide(settings.sendTimeoutRate)) {
        const copies = decide(settings.sendArrivesAnywayRate) ? 1 : 0;
        return { kind: isFault ? 'http500' : 'timeout', delayMs: 0, copies };
      }
      if (decide(settings.sendDropRate)) return { kind: 'drop', delayMs: 0, copies: 0 };
      const delayMs = decide(settings.sendDelayRate) ? settings.sendDelayMs : 0;
      const copies = decide(settings.sendDuplicateRate) ? 2 : 1;
      return delayMs === 0 && copies === 1 ? PASS : { kind: 'pass', delayMs, copies };
    },
    streamFate() {
      if (decide(settings.streamGapRate)) return { drop: true, duplicate: false, swapWithNext: false };
      const duplicate = decide(settings.streamDuplicateRate);
      const swapWithNext = decide(settings.streamReorderRate);
      return duplicate || swapWithNext ? { drop: false, duplicate, swapWithNext } : UNTOUCHED;
    },
    cutStreams() {
      for (const listener of cutListeners) listener();
      return cutListeners.size;
    },
    onCutStreams(listener) {
      cutListeners.add(listener);
      return () => cutListeners.delete(listener);
    },
    onChange(listener) {
      changeListeners.add(listener);
      return () => changeListeners.delete(listener);
    },
  };
}

function applyChange(before: ChaosSettings, change: Partial<ChaosSettings>): ChaosSettings {
  const next: Record<string, number | boolean> = { ...before };
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined) continue;
    const field = Object.hasOwn(CHAOS_FIELDS, name) ? CHAOS_FIELDS[name as keyof ChaosSettings] : undefined;
    if (field === undefined) throw new RangeError(`${name} is not a chaos setting`);
    const problem = field.check(value);
    if (problem !== undefined) throw new RangeError(`${name} ${problem}`);
    next[name] = value;
  }
  return Object.freeze(next) as unknown as ChaosSettings;
}
