/** A node that answered 500 to the first question of a start ended the whole process. */
import { describe, expect, it } from 'vitest';
import { HotslotError } from '../src/errors/hotslot-error.js';
import { ASK_AGAIN_MS, askUntilAnswered } from '../src/send/ask-until-answered.js';
import { ManualClock } from './support/manual-clock.js';

describe('questions without which nothing starts', () => {
  it('are asked again until a node answers', async () => {
    const clock = new ManualClock();
    const failures: string[] = [];
    let asked = 0;
    const answer = askUntilAnswered(
      async () => {
        asked += 1;
        if (asked < 3) throw new HotslotError('RPC_FAILED', { detail: `HTTP 500 (${asked}).` });
        return 'the genesis hash';
      },
      clock,
      (error) => failures.push(error.code),
    );
    for (let turn = 0; turn < 2; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      expect(asked).toBe(turn + 1);
      clock.advance(ASK_AGAIN_MS);
    }
    await expect(answer).resolves.toBe('the genesis hash');
    expect(failures).toEqual(['RPC_FAILED', 'RPC_FAILED']);
  });

  it('are not asked again where the answer itself is a refusal', async () => {
    const refused = askUntilAnswered(
      () => Promise.reject(new HotslotError('POOL_UNKNOWN')),
      new ManualClock(),
      () => undefined,
    );
    await expect(refused).rejects.toMatchObject({ code: 'POOL_UNKNOWN' });
  });
});
