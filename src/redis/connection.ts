/** The way to Redis: one connection for commands and one for what is published, behind the breaker `redis`. */
import { type ChainableCommander, Redis, type RedisOptions } from 'ioredis';
import { HotslotError } from '../errors/hotslot-error.js';
import type { Log } from '../logging/log.js';
import type { Breaker, BreakerOptions } from '../risk/breakers.js';
import type { Random } from '../time/random.js';

/** A command that takes longer has failed; whether it was done is not known then. */
export const COMMAND_TIMEOUT_MS = 1_000;
const CONNECT_TIMEOUT_MS = 1_000;
/** Commands are out and nothing comes back: the connection is given up and made anew. */
const SILENCE_MS = 2_000;
const RECONNECT_FIRST_MS = 50;
const RECONNECT_MOST_MS = 2_000;

/** It opens after a few failures, and is tried again soon: while it is open the shared switch is out of sight. */
export const REDIS_BREAKER: BreakerOptions = {
  halfOpenAfterMs: 1_000,
  slowMs: COMMAND_TIMEOUT_MS,
  window: 8,
  minCalls: 3,
};

export interface RedisConnectionOptions {
  /** `redis://` or `rediss://`; a secret. */
  readonly url: string;
  readonly breaker: Breaker;
  readonly random: Random;
  readonly log: Log;
}

export class RedisConnection {
  readonly #breaker: Breaker;
  readonly #commands: Redis;
  readonly #subscriber: Redis;
  #isClosed = false;

  constructor({ url, breaker, random, log }: RedisConnectionOptions) {
    this.#breaker = breaker;
    this.#commands = new Redis(url, { ...optionsOf(random), connectionName: 'hotslot' });
    this.#subscriber = new Redis(url, {
      ...optionsOf(random),
      connectionName: 'hotslot-subscriber',
      // What it subscribes to before it is connected waits; that is one channel a consumer.
      enableOfflineQueue: true,
      maxRetriesPerRequest: null,
      // Nothing may be published for hours.
      socketTimeout: undefined,
      commandTimeout: undefined,
    });
    logChanges(this.#commands, log);
    // The other connection's troubles are the same ones.
    this.#subscriber.on('error', () => undefined);
    // A failure here is followed by an attempt to reconnect, and told by `error`.
    this.#commands.connect().catch(() => undefined);
  }

  get isConnected(): boolean {
    return this.#commands.status === 'ready';
  }

  /**
   * Sends commands; nothing waits for a connection that is not there.
   * @throws HotslotError BREAKER_OPEN, REDIS_FAILED
   */
  call<T>(send: (redis: Redis) => Promise<T>): Promise<T> {
    return this.#breaker.execute(() => this.#send(send));
  }

  /**
   * As `call`, but also while failures hold the breaker open: a Redis that refuses what others ask may well answer
   * this. One that was opened by hand holds.
   * @throws HotslotError BREAKER_OPEN, REDIS_FAILED
   */
  callAnyway<T>(send: (redis: Redis) => Promise<T>): Promise<T> {
    const { state, isUsable } = this.#breaker;
    // Where it is due to be tried again, this is the trial.
    const isPassedBy = state === 'halfOpen' || (state === 'open' && !isUsable);
    return isPassedBy ? this.#send(send) : this.call(send);
  }

  async #send<T>(send: (redis: Redis) => Promise<T>): Promise<T> {
    if (!this.isConnected) throw new HotslotError('REDIS_FAILED', { detail: 'There is no connection.' });
    try {
      return await send(this.#commands);
    } catch (error) {
      // Redis repeats a command's arguments in some errors: only the sentence is kept, and no cause.
      throw new HotslotError('REDIS_FAILED', { detail: sentenceOf(error) });
    }
  }

  /**
   * Sends several commands at once, in order.
   * @throws HotslotError BREAKER_OPEN, REDIS_FAILED with the first of their errors; the others may have been done
   */
  async pipeline(fill: (pipeline: ChainableCommander) => void): Promise<void> {
    await this.call(async (redis) => {
      const pipeline = redis.pipeline();
      fill(pipeline);
      for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error;
    });
  }

  /** Calls for every message on the channel, and each time it is connected again: messages may have been missed. */
  listen(channel: string, onMessage: () => void): void {
    this.#subscriber.on('message', (from: string) => {
      if (from === channel) onMessage();
    });
    this.#subscriber.on('ready', onMessage);
    this.#subscriber.subscribe(channel).catch(() => undefined);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#commands.disconnect();
    this.#subscriber.disconnect();
  }
}

function optionsOf(random: Random): RedisOptions & { replyMapping: 'legacy' } {
  return {
    replyMapping: 'legacy',
    lazyConnect: true,
    // What cannot be sent now fails now: each consumer has a bounded buffer of its own.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SILENCE_MS,
    retryStrategy: (times) => {
      const base = Math.min(RECONNECT_FIRST_MS * 2 ** Math.min(times, 16), RECONNECT_MOST_MS);
      return Math.round(base * (0.5 + random.next() / 2));
    },
  };
}

/** Once when it goes and once when it is back; never a password. */
function logChanges(redis: Redis, log: Log): void {
  let isUp: boolean | undefined;
  redis.on('ready', () => {
    if (isUp !== true) log.info('Redis is connected');
    isUp = true;
  });
  const lost = (detail: string) => {
    if (isUp !== false) log.warn('Redis is not connected; trying on', { detail });
    isUp = false;
  };
  redis.on('error', (error: Error) => lost(sentenceOf(error)));
  redis.on('close', () => lost('the connection was closed'));
}

const MAX_SENTENCE = 200;
/** Behind it Redis repeats what it was sent, which for an AUTH that it does not know is the password. */
const ARGUMENTS = /,? with args beginning with:.*/s;

/** What went wrong, without a command's arguments. */
export function sentenceOf(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  const sentence = message === undefined || message === '' ? String(code ?? 'failed') : message;
  return sentence.replace(ARGUMENTS, '').slice(0, MAX_SENTENCE);
}
