/** What is kept on disk, and where. */
import { z } from 'zod';
import { integer, text } from './schemas.js';
import { setting } from './setting.js';

export const STORAGE = {
  MAX_RECENT_TRADES: setting(
    integer(100, 1_000_000),
    '20000',
    'Ended trades kept in memory, about 4 KB each; older ones are read from the index.',
  ),
  KEYSTORE_PATH: setting(
    text,
    undefined,
    'Encrypted keystore. Default `keystore.json` in DATA_DIR on the embedded cluster.',
  ),
  KEYSTORE_PASSPHRASE_FILE: setting(text, undefined, 'File that holds the passphrase, mode 0600.'),
  DATA_DIR: setting(text, 'data', 'Journal, history, kill switch and keystore. One executor a directory.'),
  LOG_DIR: setting(text, 'logs', 'Directory of trading.log.'),
  LOG_LEVEL: setting(z.enum(['debug', 'info', 'warn', 'error']), 'info', 'Least level that is logged.'),
  LOG_KEEP_DAYS: setting(integer(1, 3_650), '14', 'Days after which rolled logs are removed.'),
  LOG_KEEP_MB: setting(
    integer(8, 1_000_000),
    '1024',
    'Megabytes that rolled logs may take together; the oldest go first.',
  ),
  JOURNAL_SYNC: setting(
    z.enum(['os', 'always']),
    'os',
    '`always` waits for the disk before each send; `os` survives the process but not the machine.',
  ),
  RECORD_STREAM: setting(
    text,
    undefined,
    "File to which the first Yellowstone endpoint's raw stream is written, for `hotslot replay` and bug reports; it must not exist, and grows for as long as the executor runs.",
  ),
} as const;
