/** `npm run drill:kill-switch`: see README.md. */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { runKillSwitchTrials } from './kill-switch-trials.js';
import { finish, note, wholeNumber } from './output.js';

const { values } = parseArgs({
  options: {
    trials: { type: 'string', default: '1000' },
    rate: { type: 'string', default: '60' },
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const result = await runKillSwitchTrials({
  trials: wholeNumber('trials', values.trials, 1, 100_000),
  rate: wholeNumber('rate', values.rate, 1, 1_000),
  seed: values.seed ?? randomBytes(4).toString('hex'),
  note,
});
// Where no attempt was out at any stop, nothing could have been sent late.
const isTried = result.trialsWithLiveAttempts > 0;
finish(result, result.late === 0 && result.revived === 0 && isTried, values.json);
