/** What a schema finds wrong with a value, in words that follow the value's name: `must be at most 4096`. */
import type { z } from 'zod';

const TYPES: { readonly [type: string]: string } = {
  string: 'must be text',
  number: 'must be a number',
  int: 'must be a whole number',
  boolean: 'must be true or false',
  array: 'must be a list',
  object: 'must be an object',
  record: 'must be an object',
};

/** What is counted of a value that has a length. */
const PARTS: { readonly [origin: string]: string } = { string: 'characters', array: 'entries' };

/**
 * For the parser's option `error`: what a schema says by itself goes before it.
 * @returns undefined for what it has no words for; the parser's own are used then
 */
export function schemaFault(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.input === undefined) return 'is missing';
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected];
    case 'invalid_value':
      return issue.values.length === 1
        ? `must be ${String(issue.values[0])}`
        : `must be one of ${issue.values.join(', ')}`;
    case 'too_small':
      return issue.origin in PARTS ? 'must not be empty' : `must be at least ${issue.minimum}`;
    case 'too_big':
      return issue.origin in PARTS
        ? `must have at most ${issue.maximum} ${PARTS[issue.origin]}`
        : `must be at most ${issue.maximum}`;
    case 'invalid_union':
      return eitherOf(issue.errors.map(([first]) => first?.message ?? ''));
    default:
      return undefined;
  }
}

/** `must be auto or a whole number` */
function eitherOf(faults: readonly string[]): string | undefined {
  const all = [...new Set(faults)];
  if (all.length === 0 || !all.every((fault) => fault.startsWith('must be '))) return undefined;
  return `must be ${all.map((fault) => fault.slice('must be '.length)).join(' or ')}`;
}
