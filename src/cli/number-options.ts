/** Numbers among a command's options. */
import { InvalidArgumentError } from 'commander';

/** An option's whole number in a range. An empty text is none, though `Number` takes it for 0. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`A whole number from ${least} to ${most}.`);
  };
}

/** An option's number over 0, at most `most`. */
export function positiveNumber(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (value > 0 && value <= most) return value;
    throw new InvalidArgumentError(`More than 0, at most ${most}.`);
  };
}
