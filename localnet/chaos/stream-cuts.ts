/** Cuts every stream now and then, as often on average as the settings say. */
import type { ChaosControls } from './chaos.js';

const DRAW_EVERY_MS = 1_000;
const DRAWS_PER_MINUTE = 60_000 / DRAW_EVERY_MS;

/** Answers the function that stops it. */
export function cutStreamsAtRandom(chaos: ChaosControls): () => void {
  const timer = setInterval(() => {
    if (chaos.decide(chaos.settings.streamCutsPerMinute / DRAWS_PER_MINUTE)) chaos.cutStreams();
  }, DRAW_EVERY_MS);
  return () => clearInterval(timer);
}
