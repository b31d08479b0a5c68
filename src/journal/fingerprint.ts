import { hash } from 'node:crypto';

/** Deepest nesting that a request's body may have; a trade's is flat. */
const MAX_DEPTH = 8;

function canonical(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) throw new Error('the value is nested too deeply to be fingerprinted');
  if (typeof value === 'bigint') return JSON.stringify(value.toString());
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, depth + 1)).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, field]) => `${JSON.stringify(name)}:${canonical(field, depth + 1)}`);
    return `{${fields.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/**
 * A stable hash of a request's body: the order of its fields does not matter, and a bigint equals its
 * decimal string. It is taken from what the client sent, not from the intent with defaults filled in, so
 * that a changed default does not make the same request look like another.
 */
export function fingerprintOf(body: unknown): string {
  return hash('sha256', canonical(body, 0), 'hex').slice(0, 32);
}
