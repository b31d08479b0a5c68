import type { Config } from '../config/config.js';
import { HotslotError } from '../errors/hotslot-error.js';
import type { Log } from '../logging/log.js';
import { StreamRecorder } from '../stream/recorder.js';
import type { Clock } from '../time/clock.js';
import { type Endpoints, streamNames } from './endpoints.js';

/**
 * RECORD_STREAM: the recorder of the first Yellowstone endpoint; undefined where none is wanted.
 * @throws HotslotError CONFIG_INVALID where the file exists or cannot be made
 */
export async function openRecorder(parts: {
  readonly config: Config;
  readonly endpoints: Endpoints;
  readonly clock: Clock;
  readonly log: Log;
}): Promise<StreamRecorder | undefined> {
  const { config, endpoints, clock, log } = parts;
  const path = config.RECORD_STREAM;
  const name = streamNames(endpoints.yellowstone)[0];
  if (path === undefined || name === undefined) return undefined;
  try {
    return await StreamRecorder.open({
      path,
      name,
      clock,
      onError: (error) => log.error('the recording of the stream ended', { error }),
    });
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    const detail = `RECORD_STREAM: the file ${exists ? 'exists already' : 'cannot be made'}.`;
    throw new HotslotError('CONFIG_INVALID', { detail, cause });
  }
}
