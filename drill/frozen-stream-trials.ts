/** Freezes the stream under load: when is it noticed, and is anything signed on what is too old? */
import type { ControlClient } from '../src/cli/control-client.js';
import { askOrUndefined, delay, type ExecutorProcess } from './executor-process.js';
import { readLog } from './log-reader.js';
import { OrderBook, type TradeAnswer } from './order-book.js';
import { OrderMaker, readReserves } from './order-maker.js';
import { quantile } from './quantile.js';
import { Rig } from './rig.js';
import { seeded } from './seeded.js';

export interface FrozenStreamOptions {
  readonly trials: number;
  readonly seed: string;
  readonly note: (text: string) => void;
}

export interface FrozenStreamResult {
  readonly trials: number;
  /** From the freeze to the first word of it in the log or in /readyz, whichever was first. */
  readonly noticedMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** From the freeze to the first /readyz that says no. */
  readonly notReadyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** From the thaw to the first /readyz that says yes. */
  readonly backMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Trials in which nothing was noticed within the limit. */
  readonly unnoticed: number;
  readonly offered: number;
  readonly signedWhileFrozen: number;
  /** Signed later after the freeze than the stream's limit allows. */
  readonly signedStale: number;
  readonly latestSignedMs: number;
  readonly deniedStale: number;
  /** Denials for age that do not say which slot and how old. */
  readonly deniedWithoutAge: number;
  readonly maxStreamAgeMs: number;
  readonly durationMs: number;
  readonly seed: string;
}

const MAX_STREAM_AGE_MS = 1_800;
const NOTICE_LIMIT_MS = 2_000;
const SLOT_MS = 400;
const OFFER_EVERY_MS = 40;
const WATCH_EVERY_MS = 10;
/** Far beyond the limit, so that whatever is signed too late shows. */
const FROZEN_MS = 4_000;
const BACK_TIMEOUT_MS = 30_000;
const SETTLE_TIMEOUT_MS = 120_000;
const STALE_CODES: ReadonlySet<string> = new Set(['STREAM_STALE', 'POOL_STALE', 'BLOCKHASH_STALE']);
/** Said by the executor's log when its stream is gone. */
const STREAM_DOWN = 'stream down';
/** What was on its way when the freeze was asked for still arrives. */
const ON_ITS_WAY_MS = 50;

interface Freeze {
  readonly frozenAtMs: number;
  readonly thawedAtMs: number;
  readonly noticedMs: number | undefined;
  readonly notReadyMs: number | undefined;
  readonly backMs: number;
}

export async function runFrozenStreamTrials(options: FrozenStreamOptions): Promise<FrozenStreamResult> {
  const startedMs = performance.now();
  const rig = await Rig.open({
    clusterArgs: ['--seed', `frozen-${options.seed}`, '--slot-ms', String(SLOT_MS)],
    settings: {
      MAX_STREAM_AGE_MS: String(MAX_STREAM_AGE_MS),
      MAX_OUTAGE_MS: '0',
      MAX_PRICE_IMPACT_BPS: '10000',
    },
  });
  try {
    const life = rig.startExecutor();
    const control = await life.control();
    if (control === undefined || !(await life.ready(control))) throw new Error('the executor ended');
    const book = new OrderBook({ retries: false });
    const maker = new OrderMaker({
      random: seeded(options.seed, 'orders'),
      pools: rig.cluster.info.pools,
      reserves: await readReserves(control),
      namePrefix: 'frozen',
      deadlineMs: { least: 1_000, most: 8_000 },
      shortestValidityBlocks: 150,
      shortLifeShare: 0,
      dryRunShare: 0,
    });
    const freezes: Freeze[] = [];
    for (let trial = 0; trial < options.trials; trial++) {
      freezes.push(await freezeOnce(rig, life, control, book, maker));
      options.note(`${trial + 1} of ${options.trials}: noticed after ${freezes.at(-1)?.noticedMs} ms`);
    }
    await book.settle(control, SETTLE_TIMEOUT_MS);
    return {
      ...figuresOf(freezes),
      ...signingOf(freezes, book.views()),
      offered: book.size,
      maxStreamAgeMs: MAX_STREAM_AGE_MS,
      durationMs: Math.round(performance.now() - startedMs),
      seed: options.seed,
    };
  } finally {
    await rig.close();
  }
}

async function freezeOnce(
  rig: Rig,
  life: ExecutorProcess,
  control: ControlClient,
  book: OrderBook,
  maker: OrderMaker,
): Promise<Freeze> {
  const loaded = { ends: false };
  const load = offerUntil(control, book, maker, loaded);
  await delay(SLOT_MS * 3);
  await rig.cluster.setChaos({ streamFrozen: true });
  const frozenAtMs = Date.now();
  let notReadyMs: number | undefined;
  while (Date.now() - frozenAtMs < FROZEN_MS) {
    const answer = await askOrUndefined(control, 'GET', '/readyz');
    if (answer?.status === 503) notReadyMs ??= Date.now() - frozenAtMs;
    await delay(WATCH_EVERY_MS);
  }
  await rig.cluster.setChaos({ streamFrozen: false });
  const thawedAtMs = Date.now();
  await Promise.race([life.ready(control), delay(BACK_TIMEOUT_MS)]);
  const backMs = Date.now() - thawedAtMs;
  loaded.ends = true;
  await load;
  const told = readLog(rig.logFile).find(
    (line) => line.message === STREAM_DOWN && Date.parse(line.timestamp) >= frozenAtMs,
  );
  const loggedMs = told === undefined ? Number.POSITIVE_INFINITY : Date.parse(told.timestamp) - frozenAtMs;
  const noticedMs = Math.min(loggedMs, notReadyMs ?? Number.POSITIVE_INFINITY);
  return {
    frozenAtMs,
    thawedAtMs,
    noticedMs: Number.isFinite(noticedMs) ? noticedMs : undefined,
    notReadyMs,
    backMs,
  };
}

async function offerUntil(
  control: ControlClient,
  book: OrderBook,
  maker: OrderMaker,
  until: { readonly ends: boolean },
): Promise<void> {
  const LIFE_BLOCKS = 150;
  while (!until.ends) {
    await book.offer(control, maker.next(LIFE_BLOCKS));
    await delay(OFFER_EVERY_MS);
  }
}

function figuresOf(freezes: readonly Freeze[]) {
  const spread = (values: readonly number[]) => ({
    p50: quantile(values, 0.5),
    p99: quantile(values, 0.99),
    max: quantile(values, 1),
  });
  return {
    trials: freezes.length,
    noticedMs: spread(freezes.flatMap((freeze) => freeze.noticedMs ?? [])),
    notReadyMs: spread(freezes.flatMap((freeze) => freeze.notReadyMs ?? [])),
    backMs: spread(freezes.map((freeze) => freeze.backMs)),
    unnoticed: freezes.filter((freeze) => !((freeze.noticedMs ?? Number.POSITIVE_INFINITY) < NOTICE_LIMIT_MS))
      .length,
  };
}

/** What was signed while the stream stood still, and what was refused and why. */
function signingOf(freezes: readonly Freeze[], trades: readonly TradeAnswer[]) {
  const ages = trades.flatMap((trade) =>
    trade.attempts.flatMap(({ signedAtMs }) => {
      const freeze = freezes.find((one) => signedAtMs >= one.frozenAtMs && signedAtMs < one.thawedAtMs);
      return freeze === undefined ? [] : [signedAtMs - freeze.frozenAtMs];
    }),
  );
  const denials = trades.flatMap((trade) =>
    trade.denial !== undefined && STALE_CODES.has(trade.denial.code) ? [trade.denial] : [],
  );
  const saysAge = ({ context = {} }: NonNullable<TradeAnswer['denial']>) =>
    'headSlot' in context && ('ageMs' in context || 'ageSlots' in context || context.suspect === true);
  return {
    signedWhileFrozen: ages.length,
    signedStale: ages.filter((age) => age > MAX_STREAM_AGE_MS + ON_ITS_WAY_MS).length,
    latestSignedMs: quantile(ages, 1),
    deniedStale: denials.length,
    deniedWithoutAge: denials.filter((denial) => !saysAge(denial)).length,
  };
}
