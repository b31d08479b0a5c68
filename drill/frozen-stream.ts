/** `npm run drill:frozen-stream`: see README.md. */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { runFrozenStreamTrials } from './frozen-stream-trials.js';
import { finish, note, wholeNumber } from './output.js';

const { values } = parseArgs({
  options: {
    trials: { type: 'string', default: '20' },
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const result = await runFrozenStreamTrials({
  trials: wholeNumber('trials', values.trials, 1, 10_000),
  seed: values.seed ?? randomBytes(4).toString('hex'),
  note,
});
const isSound = result.unnoticed === 0 && result.signedStale === 0 && result.deniedWithoutAge === 0;
// Where no trade was refused for age, none was there that could have been signed stale.
finish(result, isSound && result.deniedStale > 0, values.json);
