/**
 * Redis repeats what it was sent in some errors: of a login that it does not know, that is the password. Redis before 6,
 * and some proxies, know no HELLO, and a server may have AUTH renamed.
 */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { pingRedis } from '../src/redis/ping.js';
import { RedisUnderTest } from './support/redis-under-test.js';

const PASSWORD = 'a-password-of-some-length';

let redis: RedisUnderTest;

beforeEach(async () => {
  redis = await RedisUnderTest.start(
    ...['--rename-command', 'AUTH', ''],
    ...['--rename-command', 'HELLO', ''],
  );
});
afterEach(() => redis.remove());

it('says of a refused login what was wrong, and not with which password', async () => {
  const asked = pingRedis(`redis://somebody:${PASSWORD}@127.0.0.1:${redis.port}`);
  const error = (await asked.catch((thrown: unknown) => thrown)) as Error;
  expect(error.message).toMatch(/unknown command 'auth'/i);
  expect(error.message).not.toContain(PASSWORD);
  expect(error.message).not.toContain('somebody');
  expect(error.cause).toBeUndefined();
});
