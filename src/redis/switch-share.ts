/**
 * The kill switch that every executor on one Redis shares. Each keeps all it knows in its own ledger and on its own
 * disk; Redis is where ledgers meet. What one has and Redis has not is written there again, so that an emptied or
 * older Redis releases nothing, and a stop that was engaged while Redis was away is shared when it is back.
 */
import type { Log } from '../logging/log.js';
import type { KillSwitch } from '../risk/kill-switch.js';
import { marksAhead, parseLedger, type SwitchLedger } from '../risk/switch-ledger.js';
import type { Clock, TimerHandle } from '../time/clock.js';
import type { RedisConnection } from './connection.js';
import type { RedisKeys } from './keys.js';

/** Between two looks at the hash: within it a change is found whose message was missed. */
export const LOOK_MS = 500;
/** Without a successful look for this long, the switch is out of sight. */
export const SIGHT_LOST_MS = 3_000;
/** As long does a start wait for the first look. */
export const FIRST_SIGHT_MS = 1_000;
/** What cannot be written down is logged when it begins, and then so often. */
export const UNWRITTEN_LOG_MS = 60_000;
/** As long does the answer to an operator wait for Redis. */
export const SHARE_WAIT_MS = 1_000;

/**
 * Puts marks into the hash where their counts are larger than those there, tells of a change, and returns the whole
 * hash. In one step, so that no two writers undo each other's.
 */
const MERGE_SCRIPT = `
local changed = false
for index = 1, #ARGV, 2 do
  local known = 0
  local text = redis.call('HGET', KEYS[1], ARGV[index])
  if text then
    local read, mark = pcall(cjson.decode, text)
    if read and type(mark) == 'table' and type(mark.count) == 'number' then known = mark.count end
  end
  if cjson.decode(ARGV[index + 1]).count > known then
    redis.call('HSET', KEYS[1], ARGV[index], ARGV[index + 1])
    changed = true
  end
end
if changed then redis.call('PUBLISH', KEYS[2], '') end
return redis.call('HGETALL', KEYS[1])
`;

export interface SwitchShareOptions {
  readonly connection: RedisConnection;
  readonly keys: RedisKeys;
  readonly killSwitch: KillSwitch;
  readonly clock: Clock;
  readonly log: Log;
  readonly onLoss: 'reduce' | 'continue';
}

export class SwitchShare {
  readonly #options: SwitchShareOptions;
  readonly #timer: TimerHandle;
  readonly #firstSight: Promise<void>;
  #sawFirst: () => void = () => undefined;
  #seenAtUs: number | undefined;
  readonly #startedAtUs: number;
  #isLost = false;
  /** What Redis held when it was last seen. */
  #there: SwitchLedger = new Map();
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  /** Undefined while what was seen is written down. */
  #unwrittenToldUs: number | undefined;
  #isClosed = false;

  constructor(options: SwitchShareOptions) {
    this.#options = options;
    const { clock, connection, keys, killSwitch } = options;
    this.#startedAtUs = clock.monotonicUs();
    this.#firstSight = new Promise((resolve) => {
      this.#sawFirst = resolve;
    });
    connection.listen(keys.killSwitchChanged, () => this.look());
    killSwitch.onChange(() => {
      if (!this.isShared) this.look();
    });
    this.#timer = clock.every(LOOK_MS, () => this.look());
    this.look();
  }

  /** Whether Redis holds all that this executor knows of the switch, as far as was seen. */
  get isShared(): boolean {
    return marksAhead(this.#options.killSwitch.ledger, this.#there).size === 0;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** Milliseconds since the switch was last seen; Infinity before the first time. */
  get sightAgeMs(): number {
    if (this.#seenAtUs === undefined) return Number.POSITIVE_INFINITY;
    return (this.#options.clock.monotonicUs() - this.#seenAtUs) / 1_000;
  }

  /** Resolves with the first look, or when waiting for it is over and the switch counts as lost. */
  whenFirstSeen(): Promise<void> {
    return this.#firstSight;
  }

  /** Resolves when what this executor knows has reached Redis, or after SHARE_WAIT_MS. @returns whether it has */
  async share(): Promise<boolean> {
    const { clock } = this.#options;
    let timer: TimerHandle | undefined;
    const isOver = new Promise<void>((resolve) => {
      timer = clock.after(SHARE_WAIT_MS, resolve);
    });
    this.look();
    await Promise.race([this.#whenLooked(), isOver]);
    timer?.cancel();
    return this.isShared;
  }

  close(): void {
    this.#isClosed = true;
    this.#timer.cancel();
    this.#sawFirst();
  }

  /** Looks at the switch now; while a look is under way, once more after it. */
  look(): void {
    if (this.#isClosed) return;
    this.#judgeSight();
    if (this.#looking !== undefined) {
      this.#lookAgain = true;
      return;
    }
    this.#looking = this.#lookOnce().finally(() => {
      this.#looking = undefined;
      if (!this.#lookAgain) return;
      this.#lookAgain = false;
      this.look();
    });
  }

  async #whenLooked(): Promise<void> {
    while (this.#looking !== undefined) await this.#looking;
  }

  async #lookOnce(): Promise<void> {
    const { connection, keys, killSwitch, log } = this.#options;
    try {
      const read = await connection.callAnyway((redis) => redis.hgetall(keys.killSwitch));
      // Before anything is written: a Redis that takes no writes tells of the others' stops all the same.
      this.#saw(parseLedger(read));
      if (marksAhead(killSwitch.ledger, this.#there).size > 0) this.#saw(await this.#write());
    } catch (error) {
      if (!this.#isLost) log.debug('the shared kill switch could not be looked at', { error });
      this.#judgeSight();
    }
  }

  #saw(there: SwitchLedger): void {
    this.#there = there;
    this.#take(there);
    this.#seen();
  }

  /** All of it, and not only what is missing: whoever reads one mark is to read those before it too. */
  async #write(): Promise<SwitchLedger> {
    const { connection, keys, killSwitch } = this.#options;
    const marks = [...killSwitch.ledger].flatMap(([field, mark]) => [field, JSON.stringify(mark)]);
    const flat = (await connection.call((redis) =>
      redis.eval(MERGE_SCRIPT, 2, keys.killSwitch, keys.killSwitchChanged, ...marks),
    )) as string[];
    const fields: { [field: string]: string } = {};
    for (let index = 0; index < flat.length; index += 2) fields[flat[index]!] = flat[index + 1]!;
    return parseLedger(fields);
  }

  #take(ledger: SwitchLedger): void {
    const { killSwitch, log } = this.#options;
    const before = killSwitch.ledger;
    try {
      killSwitch.mergeShared(ledger);
      this.#unwrittenToldUs = undefined;
    } catch (error) {
      this.#tellUnwritten(error);
    }
    // A release that the disk did not take is not in force, and is tried again at the next look.
    if (killSwitch.ledger === before) return;
    const { grade, reason } = killSwitch.status();
    log.warn('the shared kill switch has changed', { grade: grade ?? 'off', reason });
  }

  #tellUnwritten(error: unknown): void {
    const { clock, log } = this.#options;
    const nowUs = clock.monotonicUs();
    const toldUs = this.#unwrittenToldUs;
    if (toldUs !== undefined && nowUs - toldUs < UNWRITTEN_LOG_MS * 1_000) return;
    this.#unwrittenToldUs = nowUs;
    log.error('the shared kill switch could not be written down', { error });
  }

  #seen(): void {
    this.#seenAtUs = this.#options.clock.monotonicUs();
    this.#setLost(false);
    this.#sawFirst();
  }

  #judgeSight(): void {
    if (this.#isClosed) return;
    const { clock } = this.#options;
    const isFirst = this.#seenAtUs === undefined;
    const unseenMs = (clock.monotonicUs() - (this.#seenAtUs ?? this.#startedAtUs)) / 1_000;
    if (unseenMs < (isFirst ? FIRST_SIGHT_MS : SIGHT_LOST_MS)) return;
    this.#setLost(true);
    this.#sawFirst();
  }

  #setLost(isLost: boolean): void {
    if (isLost === this.#isLost) return;
    this.#isLost = isLost;
    const { killSwitch, log, onLoss } = this.#options;
    if (isLost) log.warn('the shared kill switch is out of sight', { onRedisLoss: onLoss });
    else log.info('the shared kill switch is in sight again');
    if (onLoss === 'reduce') killSwitch.setSight(isLost ? 'reduce' : undefined);
  }
}
