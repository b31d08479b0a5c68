/**
 * JSON as an RPC node writes it: u64 values are bare integers even above 2^53, which `JSON.stringify` cannot
 * write. Values are plain: strings, numbers, bigints, booleans, null, arrays and objects of these.
 */
export type Json =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | RawJson
  | readonly Json[]
  | { readonly [key: string]: Json };

/** Text that is JSON already; written as it is. Used for what is encoded once and sent to many. */
export class RawJson {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Members that are `undefined` are left out, in arrays they become null, like `JSON.stringify` does. */
export function encodeJson(value: Json): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null';
    case 'bigint':
      return value.toString();
    case 'boolean':
      return value ? 'true' : 'false';
    case 'undefined':
      return 'null';
  }
  if (value === null) return 'null';
  if (value instanceof RawJson) return value.text;
  if (Array.isArray(value)) {
    let text = '[';
    for (let i = 0; i < value.length; i++) text += (i === 0 ? '' : ',') + encodeJson(value[i] as Json);
    return `${text}]`;
  }
  let text = '{';
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    text += `${(text.length === 1 ? '' : ',') + JSON.stringify(key)}:${encodeJson(member as Json)}`;
  }
  return `${text}}`;
}
