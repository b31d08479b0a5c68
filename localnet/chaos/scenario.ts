/**
 * A scenario: what is to change, and when. A file holds a JSON array of steps such as
 * `{"atMs": 5000, "set": {"sendDropRate": 0.2, "skipRate": 0.1}}` or `{"atMs": 9000, "cutStreams": true}`,
 * where `set` may name chaos settings and slot conditions alike.
 */
import { z } from 'zod';

/** More steps than anyone writes by hand, and few enough to keep a timer for each. */
export const SCENARIO_STEPS_MAX = 10_000;
/** Node's timers reach no further. */
const AT_MS_MAX = 2 ** 31 - 1;

const stepSchema = z.strictObject({
  atMs: z.number().min(0).max(AT_MS_MAX),
  set: z.record(z.string(), z.union([z.number(), z.boolean()])).optional(),
  cutStreams: z.literal(true).optional(),
});
const scenarioSchema = z.array(stepSchema).max(SCENARIO_STEPS_MAX);

export interface ScenarioStep {
  /** Milliseconds from the start of the cluster. */
  readonly atMs: number;
  readonly set?: Readonly<Record<string, number | boolean>> | undefined;
  readonly cutStreams?: true | undefined;
}

/** Reads a scenario. Throws `RangeError` with the place of the first fault. */
export function parseScenario(text: string): readonly ScenarioStep[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new RangeError(
      `the scenario is not JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const parsed = scenarioSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new RangeError(
    `the scenario's ${issue?.path.join('.') || 'top level'}: ${issue?.message ?? 'invalid'}`,
  );
}

/**
 * Plays the steps in the order of their times; answers the function that stops it.
 * @param run does one step; what it throws or rejects with goes to `onError` and ends nothing.
 */
export function playScenario(
  steps: readonly ScenarioStep[],
  run: (step: ScenarioStep) => void | Promise<void>,
  onError: (step: ScenarioStep, error: unknown) => void,
): () => void {
  const timers = steps
    .toSorted((left, right) => left.atMs - right.atMs)
    .map((step) =>
      setTimeout(() => {
        Promise.resolve()
          .then(() => run(step))
          .catch((error: unknown) => onError(step, error));
      }, step.atMs),
    );
  return () => {
    for (const timer of timers) clearTimeout(timer);
  };
}
