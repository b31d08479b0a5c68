/** Where the mint lists are: as configured, or the denylist of the data directory. */
import { join } from 'node:path';
import type { Config } from './config.js';

const DEFAULT_DENYLIST = 'denylist.txt';

export interface MintListPaths {
  readonly denyPath: string;
  /** Nobody asked for the file: where it is not there, nothing is denied. */
  readonly denyMayBeMissing: boolean;
  readonly allowPath?: string;
}

export function mintListPaths(
  config: Pick<Config, 'DENYLIST_FILE' | 'ALLOWLIST_FILE' | 'DATA_DIR'>,
): MintListPaths {
  return {
    denyPath: config.DENYLIST_FILE ?? join(config.DATA_DIR, DEFAULT_DENYLIST),
    denyMayBeMissing: config.DENYLIST_FILE === undefined,
    ...(config.ALLOWLIST_FILE === undefined ? {} : { allowPath: config.ALLOWLIST_FILE }),
  };
}
