/** Reads the executor's own log. */
import { existsSync, readFileSync } from 'node:fs';

export interface LogLine {
  readonly timestamp: string;
  readonly level: string;
  readonly message: string;
}

/** All whole lines: one that kill -9 cut short is left out. */
export function readLog(path: string): readonly LogLine[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as LogLine);
}

/** What a critical alert is logged as; under chaos some fire, as they should. */
const ALERT = 'alert firing';

/** What the executor held to be impossible. */
export function readFaults(path: string): readonly LogLine[] {
  return readLog(path).filter((line) => line.level === 'error' && line.message !== ALERT);
}
