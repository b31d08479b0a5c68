/** Where trades are signed, and the keeping warm. */
import { z } from 'zod';
import { integer } from './schemas.js';
import { setting } from './setting.js';

export const PERFORMANCE = {
  SIGNING: setting(
    z.enum(['auto', 'inline', 'pool']),
    'auto',
    'Where trades are signed: on the main thread, on workers, or by measured load.',
  ),
  WORKERS: setting(integer(1, 64), undefined, 'Signing workers. Default: processors less one, at least 1.'),
  KEEP_WARM_MS: setting(
    integer(0, 60_000),
    '5',
    'Milliseconds between runs of the hot path against a local sink while idle; 0 turns it off.',
  ),
} as const;
