import type { ChaosControls, StreamFate } from '../chaos/chaos.js';

const CUT_CHECK_MS = 1_000;
const CUT_CHECKS_PER_MINUTE = 60;

/** The cluster's chaos as streams see it, with the questions of the hot path answered beforehand. */
export class StreamChaos {
  readonly #controls: ChaosControls;
  readonly #stops: (() => void)[] = [];
  disturbsUpdates = false;
  frozen = false;
  delayMs = 0;

  /** @param onChange called after the settings changed. @param onCut called to end every stream. */
  constructor(controls: ChaosControls, onChange: () => void, onCut: () => void) {
    this.#controls = controls;
    this.#read();
    this.#stops.push(
      controls.onChange(() => {
        this.#read();
        onChange();
      }),
      controls.onCutStreams(onCut),
    );
    const timer = setInterval(() => {
      if (controls.decide(controls.settings.streamCutsPerMinute / CUT_CHECKS_PER_MINUTE)) onCut();
    }, CUT_CHECK_MS);
    timer.unref();
    this.#stops.push(() => clearInterval(timer));
  }

  fate(): StreamFate {
    return this.#controls.streamFate();
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  #read(): void {
    const { settings } = this.#controls;
    this.frozen = settings.streamFrozen;
    this.delayMs = settings.streamDelayMs;
    this.disturbsUpdates =
      settings.streamGapRate > 0 || settings.streamDuplicateRate > 0 || settings.streamReorderRate > 0;
  }
}
