/** Reads the executor's own log for what it holds to be impossible. */
import { existsSync, readFileSync } from 'node:fs';

interface LogLine {
  readonly level: string;
  readonly message: string;
}

/** Lines of level `error`. A line that kill -9 cut short is left out. */
export function readFaults(path: string): readonly LogLine[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"error"') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as LogLine)
    .filter((line) => line.level === 'error');
}
