import type { z } from 'zod';

/** One setting, named by its key in the table of its group. */
export interface Setting<
  Schema extends z.ZodType = z.ZodType,
  Default extends string | undefined = string | undefined,
> {
  readonly schema: Schema;
  /** As it would be written in the environment; undefined means "absent". */
  readonly default: Default;
  readonly describe: string;
  /** Never shown by `config show`, never logged. */
  readonly secret?: boolean;
}

/** @param fallback undefined: a setting that is not given has no value */
export function setting<Schema extends z.ZodType, Default extends string | undefined>(
  schema: Schema,
  fallback: Default,
  describe: string,
  extra: { readonly secret?: boolean } = {},
): Setting<Schema, Default> {
  return { schema, default: fallback, describe, ...extra };
}
