/** Progress goes to standard error, results to standard output. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** One JSON object on one line. */
export function printJson(value: unknown): void {
  process.stdout.write(
    `${JSON.stringify(value, (_key, one) => (typeof one === 'bigint' ? one.toString() : one))}\n`,
  );
}

/**
 * Rows as aligned columns; the first one may be a heading.
 * @param toTheRight indices of columns whose cells end together, as numbers do
 */
export function columns(rows: readonly (readonly string[])[], toTheRight: readonly number[] = []): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return toTheRight.includes(index) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

/** Work that takes longer than this says that it goes on. */
const FIRST_WORD_MS = 1_000;
const NEXT_WORD_MS = 2_000;

/** Awaits work and says on standard error, from its first second on, that it is still under way. */
export async function withProgress<T>(label: string, work: Promise<T>): Promise<T> {
  const startedMs = performance.now();
  const say = () => note(`${label} … ${Math.round((performance.now() - startedMs) / 1000)} s`);
  let next: NodeJS.Timeout | undefined;
  const first = setTimeout(() => {
    say();
    next = setInterval(say, NEXT_WORD_MS);
  }, FIRST_WORD_MS);
  try {
    return await work;
  } finally {
    clearTimeout(first);
    clearInterval(next);
  }
}
