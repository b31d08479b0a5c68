import type { ChaosControls, StreamFate } from '../chaos/chaos.js';

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
