/** A node that answered 500 to the first question of a start ended the whole process. */
import { describe, expect, it } from 'vitest';
import { HotslotError } from '../src/errors/hotslot-error.js';
import { ASK_AGAIN_MS, askUntilAnswered } from '../src/send/ask-until-answered.js';
import { RpcResponseError } from '../src/send/rpc-client.js';
import { ManualClock } from './support/manual-clock.js';

describe('questions without which nothing starts', () => {
  it('are asked again until a node answers', async () => {
    const clock = new ManualClock();
    const failures: string[] = [];
    let asked = 0;
    const answer = askUntilAnswered(
      async () => {
        asked += 1;
        if (asked === 1) throw new HotslotError('RPC_FAILED', { detail: 'HTTP 500.' });
        if (asked === 2) throw new RpcResponseError(-32005, 'Node is unhealthy', undefined);
        return 'the genesis hash';
      },
      clock,
      (error) => failures.push(error.message),
    );
    for (let turn = 0; turn < 2; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      expect(asked).toBe(turn + 1);
      clock.advance(ASK_AGAIN_MS);
    }
    await expect(answer).resolves.toBe('the genesis hash');
    expect(failures).toEqual([
      expect.stringContaining('HTTP 500.'),
      expect.stringContaining('Node is unhealthy'),
    ]);
  });

  it.each([new HotslotError('POOL_UNKNOWN'), new RpcResponseError(-32602, 'Invalid params', undefined)])(
    'are not asked again where the answer itself is a refusal: %s',
    async (refusal) => {
      const refused = askUntilAnswered(
        () => Promise.reject(refusal),
        new ManualClock(),
        () => undefined,
      );
      await expect(refused).rejects.toBe(refusal);
    },
  );
});
