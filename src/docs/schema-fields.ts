/** A JSON schema as a table of fields: nested ones by their path, shared ones by a link. */

export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: { readonly [name: string]: JsonSchema };
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly description?: string;
}

/** More values than this are not listed in a type. */
const MAX_LISTED_VALUES = 16;

const HEADING = '| field | type | meaning |\n|---|---|---|';

/** A row a field; the optional ones have a question mark. */
export function fieldTable(schema: JsonSchema): string {
  return [HEADING, ...rowsOf(schema, '')].join('\n');
}

function rowsOf({ properties = {}, required = [] }: JsonSchema, prefix: string): string[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = prefix + name;
    const mark = required.includes(name) ? '' : '?';
    const row = `| \`${path}${mark}\` | ${typeOf(schema)} | ${cell(schema.description ?? '')} |`;
    return [row, ...nestedRows(schema, path)];
  });
}

function nestedRows(schema: JsonSchema, path: string): string[] {
  if (schema.properties !== undefined) return rowsOf(schema, `${path}.`);
  if (schema.items?.properties !== undefined) return rowsOf(schema.items, `${path}[].`);
  const { additionalProperties } = schema;
  if (typeof additionalProperties === 'object' && additionalProperties.properties !== undefined)
    return rowsOf(additionalProperties, `${path}.*.`);
  return [];
}

/** In words, safe in a table's cell. */
export function typeOf(schema: JsonSchema): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
    return `[${name}](#${name.toLowerCase()})`;
  }
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (choices !== undefined) return [...new Set(choices.map(typeOf))].join(' or ');
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum !== undefined) return valuesOf(schema.enum);
  if (schema.items !== undefined) return `array of ${typeOf(schema.items)}`;
  const type = typeof schema.type === 'string' ? schema.type : (schema.type ?? ['anything']).join(' or ');
  return `${type}${rangeOf(schema)}`;
}

function valuesOf(values: readonly unknown[]): string {
  if (values.length > MAX_LISTED_VALUES) return 'string';
  return values.map((value) => `\`${String(value)}\``).join(' or ');
}

function rangeOf({ minimum, maximum, maxLength }: JsonSchema): string {
  if (minimum !== undefined && maximum !== undefined) return `, ${minimum} to ${maximum}`;
  if (minimum !== undefined && minimum !== 0) return `, at least ${minimum}`;
  return maxLength === undefined ? '' : `, at most ${maxLength} characters`;
}

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
