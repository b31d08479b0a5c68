/** `npm run drill:loss`: see README.md. */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type LossResult, runLoss } from './loss-run.js';
import { finish, note, wholeNumber } from './output.js';

const CONFIRMED_P95_LIMIT_MS = 2_000;
const SKIP_RATE = 0.1;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    rate: { type: 'string', default: '20' },
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const minutes = Number(values.minutes);
if (!(minutes > 0 && minutes <= 24 * 60)) throw new RangeError('--minutes must be a number up to 1440');
const rate = wholeNumber('rate', values.rate, 1, 1_000);
const seed = values.seed ?? randomBytes(4).toString('hex');

const common = { minutes, rate, seed, note };
const independent = await runLoss({ ...common, skipRate: SKIP_RATE, leaderSkipRate: 0 });
const leaderWindows = await runLoss({ ...common, skipRate: 0, leaderSkipRate: SKIP_RATE });

/** Nothing was found, and trades landed of which something could have been. */
const isClean = ({ findings, landed }: LossResult) =>
  landed > 0 && Object.values(findings).every((count) => count === 0);
const isFast = independent.intentToConfirmedMs.p95 < CONFIRMED_P95_LIMIT_MS;
finish(
  { minutes, rate, seed, independent, leaderWindows },
  isClean(independent) && isClean(leaderWindows) && isFast,
  values.json,
);
