/** Whether a Redis answers, asked once. */
import { Redis } from 'ioredis';
import { HotslotError } from '../errors/hotslot-error.js';
import { COMMAND_TIMEOUT_MS, sentenceOf } from './connection.js';

/** @throws HotslotError REDIS_FAILED, without the password */
export async function pingRedis(url: string): Promise<void> {
  const redis = new Redis(url, {
    replyMapping: 'legacy',
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: COMMAND_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
  });
  let reason: unknown;
  redis.on('error', (error) => {
    reason = error;
  });
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    // What the connection says is the cause; the call only says that it was closed.
    throw new HotslotError('REDIS_FAILED', { detail: sentenceOf(reason ?? error) });
  } finally {
    redis.disconnect();
  }
}
