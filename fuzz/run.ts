/** `npm run fuzz`: see README.md. */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { finish, note, wholeNumber } from '../drill/output.js';
import { runFuzz } from './campaign.js';

const MOST_COUNT = 10_000_000;

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string' },
    minutes: { type: 'string', default: '30' },
    only: { type: 'string' },
    keep: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

/** `3,7,100-120` */
function indexes(text: string): number[] {
  return text.split(',').flatMap((part) => {
    const [first = '', last = first] = part.split('-');
    const from = wholeNumber('only', first, 0, MOST_COUNT - 1);
    const to = wholeNumber('only', last, from, MOST_COUNT - 1);
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  });
}

const result = await runFuzz({
  count: wholeNumber('count', values.count, 1, MOST_COUNT),
  seed: values.seed ?? randomBytes(4).toString('hex'),
  minutes: wholeNumber('minutes', values.minutes, 1, 240),
  ...(values.only === undefined ? {} : { only: indexes(values.only) }),
  keep: values.keep,
  note,
});
finish(result, result.findingsTotal === 0, values.json);
