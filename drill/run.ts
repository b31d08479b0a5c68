/** `npm run drill`: see README.md. */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { DRILL_DEFAULTS, hasPassed, runDrill } from './drill.js';
import { finish, note, wholeNumber } from './output.js';

const { values } = parseArgs({
  options: {
    trades: { type: 'string', default: String(DRILL_DEFAULTS.trades) },
    kills: { type: 'string', default: String(DRILL_DEFAULTS.kills) },
    rate: { type: 'string', default: String(DRILL_DEFAULTS.rate) },
    seed: { type: 'string' },
    keep: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const result = await runDrill({
  trades: wholeNumber('trades', values.trades, 1, 100_000),
  kills: wholeNumber('kills', values.kills, 0, 10_000),
  rate: wholeNumber('rate', values.rate, 1, 1_000),
  seed: values.seed ?? randomBytes(4).toString('hex'),
  slotMs: DRILL_DEFAULTS.slotMs,
  keep: values.keep,
  note,
});
finish(result, hasPassed(result), values.json);
