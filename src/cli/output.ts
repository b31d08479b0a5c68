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
