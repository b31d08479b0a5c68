/** How bad the world of one seed is. Drawn from the seed, so that thousands of seeds cover many worlds. */
import { SeededRandom } from './seeded-random.js';

/** Production behaviour that is broken on purpose, from outside, to see whether the checker notices. */
export type PlantedFault =
  | 'journal-after-send'
  | 'resign-after-timer'
  | 'resend-after-stop'
  | 'processed-is-final'
  | 'expiry-by-one-lagging-node'
  | 'locks-ignored'
  | 'damage-ignored';

export interface Profile {
  readonly seed: number;
  readonly trades: number;
  /** Keeps the story's lines and not only their hash. */
  readonly story: boolean;
  readonly fault: PlantedFault | undefined;

  // The cluster.
  readonly slotMs: number;
  /** Blocks above its own for which a hash is valid. */
  readonly validityBlocks: number;
  /** Blocks on top that make one confirmed, and rooted. */
  readonly confirmDepth: number;
  readonly rootDepth: number;
  readonly skipChance: number;
  readonly windowSkipChance: number;
  readonly deadChance: number;
  readonly forkChance: number;
  readonly includeChance: number;
  readonly failChance: number;
  readonly reincludeChance: number;

  // The ways to it.
  readonly dropChance: number;
  readonly delayedChance: number;
  readonly refuseChance: number;
  readonly ackTimeoutChance: number;

  // The stream.
  readonly streamLatencyMs: number;
  readonly cutChance: number;
  readonly replays: boolean;
  readonly duplicateChance: number;
  readonly silentLossChance: number;
  readonly stallChance: number;
  readonly namesParents: boolean;

  // The nodes that are asked.
  readonly nodes: number;
  readonly nodeLagSlots: number;
  readonly nodeFailureChance: number;
  readonly nodeOutageChance: number;
  readonly prunedNodes: number;

  // The process.
  readonly crashes: number;
  readonly crashAtPointChance: number;
  readonly diskFullChance: number;
  readonly durable: boolean;
  /** Damage amid the journal's sound records, found when the next life begins. */
  readonly corruptChance: number;
  readonly slowBuildChance: number;
  readonly buildFailureChance: number;
  /** Times at which the machine's clock is set, forward or back. */
  readonly clockSteps: number;
  /** Times at which the process stands still for seconds: SIGSTOP, or one long turn of its event loop. */
  readonly stalls: number;

  // Clients and operators.
  readonly workloadSlots: number;
  /** Slots for which the evils go on after the last trade was asked for. */
  readonly chaosTailSlots: number;
  readonly cancelChance: number;
  readonly repeatChance: number;
  readonly stops: number;
  readonly lesserGrades: number;

  // Settings.
  readonly maxAttempts: number;
  readonly expiryCommitment: 'confirmed' | 'finalized';
  readonly lockRelease: 'sent' | 'processed' | 'confirmed';
  readonly venueLockSlots: number;
  readonly maxConcurrent: number;
  readonly maxQueued: number;
}

export type SimOptions = Partial<Profile> & { readonly seed: number };

/** The worlds differ in which evils they have and how much of each. */
export function profileOf(options: SimOptions): Profile {
  const random = new SeededRandom(options.seed);
  const sometimes = (share: number, most: number) => (random.chance(share) ? random.next() * most : 0);
  const confirmDepth = random.int(1, 4);
  return {
    trades: 20,
    story: false,
    fault: undefined,
    slotMs: random.pick([100, 200, 400]),
    validityBlocks: random.pick([8, 12, 20, 20, 40, 150]),
    confirmDepth,
    rootDepth: confirmDepth + random.int(2, 12),
    skipChance: sometimes(0.6, 0.3),
    windowSkipChance: sometimes(0.4, 0.3),
    deadChance: sometimes(0.4, 0.15),
    forkChance: sometimes(0.6, 0.3),
    includeChance: random.pick([1, 0.9, 0.5, 0.2]),
    failChance: sometimes(0.5, 0.4),
    reincludeChance: random.pick([0, 0.5, 1]),
    dropChance: sometimes(0.6, 0.7),
    delayedChance: sometimes(0.5, 0.4),
    refuseChance: sometimes(0.3, 0.5),
    ackTimeoutChance: sometimes(0.3, 0.3),
    streamLatencyMs: random.between(1, 60),
    cutChance: sometimes(0.5, 0.06),
    replays: random.chance(0.5),
    duplicateChance: sometimes(0.3, 0.2),
    silentLossChance: sometimes(0.25, 0.05),
    stallChance: sometimes(0.3, 0.05),
    namesParents: random.chance(0.7),
    nodes: random.int(1, 3),
    nodeLagSlots: random.pick([0, 1, 3, 12]),
    nodeFailureChance: random.chance(0.06) ? 1 : sometimes(0.5, 0.5),
    nodeOutageChance: sometimes(0.3, 0.3),
    prunedNodes: random.chance(0.3) ? 1 : 0,
    crashes: random.pick([0, 0, 0, 1, 2, 4]),
    crashAtPointChance: sometimes(0.4, 0.02),
    diskFullChance: sometimes(0.25, 0.03),
    durable: random.chance(0.3),
    slowBuildChance: sometimes(0.3, 0.3),
    buildFailureChance: sometimes(0.2, 0.1),
    workloadSlots: random.int(10, 60),
    chaosTailSlots: random.pick([0, 20, 20, 60, 300]),
    cancelChance: sometimes(0.3, 0.2),
    repeatChance: sometimes(0.4, 0.4),
    stops: random.pick([0, 0, 0, 1, 2]),
    lesserGrades: random.pick([0, 0, 1]),
    maxAttempts: random.int(1, 4),
    expiryCommitment: random.pick(['confirmed', 'finalized', 'finalized']),
    lockRelease: random.pick(['processed', 'processed', 'confirmed', 'sent']),
    venueLockSlots: random.int(1, 8),
    maxConcurrent: random.pick([1, 2, 4, 32]),
    maxQueued: random.pick([4, 64]),
    clockSteps: random.pick([0, 0, 1, 3]),
    stalls: random.pick([0, 0, 1, 3]),
    corruptChance: sometimes(0.1, 0.8),
    ...options,
  };
}
