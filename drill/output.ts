/** Progress on standard error, one result on standard output. */

export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Prints the result and sets the exit code: 0 when it passed, 1 when it did not. */
export function finish(result: object, passed: boolean, asJson: boolean): void {
  if (asJson) process.stdout.write(`${JSON.stringify(result)}\n`);
  else {
    for (const [name, value] of Object.entries(result)) {
      process.stdout.write(
        `${name.padEnd(24)} ${typeof value === 'object' ? JSON.stringify(value) : value}\n`,
      );
    }
  }
  process.exitCode = passed ? 0 : 1;
}

/** @throws RangeError for what is no whole number in the range */
export function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`--${name} must be a whole number from ${least} to ${most}`);
  }
  return value;
}
