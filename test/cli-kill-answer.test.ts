/** A stop once told of a hundred attempts that they may still land, when all but one of them had landed long before. */
import { expect, it } from 'vitest';
import { killLines } from '../src/cli/commands/kill.js';

const attempt = (state: string, signature: string) => ({ state, signature, lastValidBlockHeight: 419 });

it('names what may still land, and counts what has landed', () => {
  const mayStillLand = [
    attempt('confirmed', 's1'),
    attempt('processed', 's2'),
    attempt('sent', 's3'),
    attempt('unknown', 's4'),
  ];
  expect(
    killLines({ active: true, grade: 'stop', reason: 'a drill', cancelled: ['t1'], mayStillLand }),
  ).toEqual([
    'The kill switch is on: stop (a drill).',
    '1 queued trade was cancelled.',
    '2 landed before, and are not final yet.',
    'May still land until block height 419: s3',
    'May still land until block height 419: s4',
  ]);
});
