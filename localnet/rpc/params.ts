/** Reads positional parameters, with the errors that a real node's deserialiser gives for wrong ones. */
import type { Commitment } from '../engine/messages.js';
import { invalidParams } from './errors.js';

const COMMITMENTS: readonly string[] = ['processed', 'confirmed', 'finalized'];
const U64_MAX = 2 ** 64;
/** Text from the client that is quoted back in an error is cut to this many characters. */
const QUOTED_CHARS_MAX = 128;

export type Config = Readonly<Record<string, unknown>>;

const NO_CONFIG: Config = Object.freeze({});

/** Checks the number of arguments; `params` may be absent when none is required. */
export function readArguments(params: unknown, required: number, total: number): readonly unknown[] {
  if (params !== undefined && params !== null && !Array.isArray(params)) {
    throw invalidParams('`params` should be an array');
  }
  const given: readonly unknown[] = params ?? [];
  if (total === 0 && given.length > 0) {
    throw invalidParams('Invalid parameters: No parameters were expected', `Got: ${given.length}`);
  }
  if (given.length < required) {
    throw invalidParams(`\`params\` should have at least ${required} argument(s)`);
  }
  if (given.length > total) {
    throw invalidParams(
      `Invalid parameters: Expected from ${required} to ${total} parameters.`,
      `"Got: ${given.length}"`,
    );
  }
  return given;
}

export function readString(value: unknown): string {
  if (typeof value !== 'string') throw wrongType(value, 'a string');
  return value;
}

export function readStrings(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw wrongType(value, 'a sequence');
  return value.map(readString);
}

/** A whole number from 0 to 2^64; above 2^53 it is as near as JSON's doubles come. */
export function readU64(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value)) throw wrongType(value, 'u64');
  if (value < 0 || value >= U64_MAX) {
    throw invalidParams(`Invalid params: invalid value: integer \`${value}\`, expected u64.`);
  }
  return value;
}

export function readOptionalU64(value: unknown): number | undefined {
  return value === undefined || value === null ? undefined : readU64(value);
}

export function readOptionalString(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : readString(value);
}

export function readOptionalBoolean(value: unknown): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw wrongType(value, 'a boolean');
  return value;
}

/** An object of options; absent and null mean none. */
export function readConfig(value: unknown, structName: string): Config {
  if (value === undefined || value === null) return NO_CONFIG;
  if (typeof value !== 'object' || Array.isArray(value)) throw wrongType(value, `struct ${structName}`);
  return value as Config;
}

/** Undefined where the client names none: most methods then use `finalized`. */
export function readCommitment(value: unknown): Commitment | undefined {
  if (value === undefined || value === null) return undefined;
  return readVariant(value, COMMITMENTS) as Commitment;
}

export function readVariant(value: unknown, variants: readonly string[]): string {
  if (typeof value !== 'string') throw wrongType(value, 'string or map');
  if (!variants.includes(value)) {
    const names = variants.map((name) => `\`${name}\``).join(', ');
    const which = variants.length === 1 ? names : `one of ${names}`;
    throw invalidParams(
      `Invalid params: unknown variant \`${value.slice(0, QUOTED_CHARS_MAX)}\`, expected ${which}.`,
    );
  }
  return value;
}

export function wrongType(value: unknown, expected: string): Error {
  return invalidParams(`Invalid params: invalid type: ${describe(value)}, expected ${expected}.`);
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'boolean') return `boolean \`${value}\``;
  if (typeof value === 'number') {
    return Number.isInteger(value) ? `integer \`${value}\`` : `floating point \`${value}\``;
  }
  if (typeof value === 'string') return `string ${JSON.stringify(value.slice(0, QUOTED_CHARS_MAX))}`;
  return Array.isArray(value) ? 'sequence' : 'map';
}
