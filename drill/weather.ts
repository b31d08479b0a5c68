/**
 * What the cluster does to us, changing as the drill goes on. Every kind of chaos that it has is in here, and full
 * blocks besides.
 */
import type { ChaosChange, DrillCluster } from './cluster.js';
import { pause } from './pause.js';
import type { Seeded } from './seeded.js';

export type WeatherName = 'calm' | 'rough' | 'storm' | 'blackout' | 'frozen' | 'congested';

interface Weather {
  readonly name: WeatherName;
  readonly conditions: Readonly<Record<string, number>>;
  readonly chaos: ChaosChange;
}

/** One stretch of one weather. Epoch milliseconds. */
export interface Spell {
  readonly name: WeatherName;
  readonly fromMs: number;
  readonly toMs: number;
}

const CALM: Weather = {
  name: 'calm',
  conditions: { skipRate: 0.02, leaderSkipRate: 0, forkRate: 0.02, deadRate: 0.005, loadRate: 0 },
  chaos: {
    sendDropRate: 0.05,
    sendDelayRate: 0.05,
    sendDelayMs: 60,
    sendDuplicateRate: 0.05,
    send429Rate: 0.01,
    send500Rate: 0.01,
    sendTimeoutRate: 0,
    sendTimeoutMs: 300,
    sendArrivesAnywayRate: 0.5,
    readLagSlots: 0,
    statusLagSlots: 0,
    read429Rate: 0.01,
    read500Rate: 0.01,
    streamFrozen: false,
    streamDelayMs: 0,
    streamReorderRate: 0,
    streamDuplicateRate: 0.01,
    streamGapRate: 0,
    streamCutsPerMinute: 2,
  },
};

const ROUGH: Weather = {
  name: 'rough',
  conditions: { ...CALM.conditions, skipRate: 0.05, leaderSkipRate: 0.05, forkRate: 0.06, deadRate: 0.02 },
  chaos: {
    ...CALM.chaos,
    sendDropRate: 0.2,
    sendDelayRate: 0.15,
    sendDelayMs: 200,
    sendDuplicateRate: 0.1,
    send429Rate: 0.05,
    send500Rate: 0.05,
    sendTimeoutRate: 0.02,
    statusLagSlots: 20,
    read429Rate: 0.04,
    read500Rate: 0.04,
    streamReorderRate: 0.01,
    streamDuplicateRate: 0.05,
    streamGapRate: 0.001,
    streamCutsPerMinute: 6,
  },
};

const STORM: Weather = {
  name: 'storm',
  conditions: { ...CALM.conditions, skipRate: 0.1, leaderSkipRate: 0.1, forkRate: 0.12, deadRate: 0.04 },
  chaos: {
    ...ROUGH.chaos,
    sendDropRate: 0.5,
    sendDelayRate: 0.3,
    sendDelayMs: 1_000,
    sendTimeoutRate: 0.05,
    readLagSlots: 40,
    statusLagSlots: 100,
    read429Rate: 0.1,
    read500Rate: 0.1,
    streamDelayMs: 60,
    streamReorderRate: 0.05,
    streamGapRate: 0.01,
    streamCutsPerMinute: 20,
  },
};

/** No send arrives, for longer than a short-lived attempt lives: it expires, and is signed anew. */
const BLACKOUT: Weather = {
  ...ROUGH,
  name: 'blackout',
  chaos: { ...ROUGH.chaos, sendDropRate: 1, sendArrivesAnywayRate: 0 },
};
const FROZEN: Weather = { ...ROUGH, name: 'frozen', chaos: { ...ROUGH.chaos, streamFrozen: true } };

/** The cluster's arguments that make its blocks so small that a load which a busy machine can execute fills them. */
export const SMALL_BLOCKS = ['--block-cost-limit', '1500000'] as const;
/**
 * Others offer three times what fits, and pay 25 to 400 times our least price. Until the fee watch has seen it, and
 * where the leader changes, what is ours waits; it lands when the load is over, or its blockhash dies before.
 */
const CONGESTED: Weather = {
  name: 'congested',
  conditions: { ...CALM.conditions, loadRate: 3, loadPriceMicroLamports: 1_000_000, loadPoolRate: 0.5 },
  chaos: CALM.chaos,
};

/** By how often each comes. */
const KINDS: readonly Weather[] = [
  ...[CALM, CALM, CALM, CALM],
  ...[ROUGH, ROUGH, ROUGH],
  ...[BLACKOUT, BLACKOUT, STORM, STORM, FROZEN],
  ...[CONGESTED, CONGESTED],
];
const LASTS_MS = { least: 1_000, most: 5_000 };
/** A stream that is frozen for long only lets trades be denied. */
const FROZEN_LASTS_MS = 1_500;
/** Longer than 150 blocks of 20 ms: whatever is out at its beginning expires. */
const BLACKOUT_LASTS_MS = 4_500;

/** Changes the weather until `until` is aborted, then clears the sky. Each spell is added to `spells` as it ends. */
export async function changeWeather(
  cluster: DrillCluster,
  random: Seeded,
  spells: Spell[],
  until: AbortSignal,
): Promise<void> {
  while (!until.aborted) {
    const kind = random.pick(KINDS);
    const fromMs = Date.now();
    await cluster.setConditions(kind.conditions);
    await cluster.setChaos(kind.chaos);
    await pause(lastsMs(kind, random), until);
    spells.push({ name: kind.name, fromMs, toMs: Date.now() });
  }
  await cluster.clearChaos();
  await cluster.setConditions({ skipRate: 0, leaderSkipRate: 0, forkRate: 0, deadRate: 0, loadRate: 0 });
}

function lastsMs(kind: Weather, random: Seeded): number {
  if (kind === FROZEN) return FROZEN_LASTS_MS;
  return kind === BLACKOUT ? BLACKOUT_LASTS_MS : random.between(LASTS_MS.least, LASTS_MS.most);
}
