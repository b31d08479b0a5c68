/** The control plane as docs/API.md shows it: routes, the parts that their answers share, and the codes. */
import { kestraRoutes } from '../control/kestra-compat.js';
import { type OpenApiDocument, openApiDocument } from '../control/openapi.js';
import type { Operations } from '../control/operations.js';
import { JSON_TYPE, problemsOf, type Route, roleInWords, templateOf } from '../control/route.js';
import { routeTable } from '../control/route-table.js';
import { ERROR_CODES } from '../errors/codes.js';
import { systemClock } from '../time/clock.js';
import { fieldTable, type JsonSchema, typeOf } from './schema-fields.js';

/** For the table only: no handler of it is called. */
const NO_OPERATIONS = {} as Operations;

export const documentedRoutes = (): readonly Route[] => routeTable(NO_OPERATIONS, systemClock);

interface Operation {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly description?: string;
    readonly schema: JsonSchema;
  }[];
  readonly requestBody?: { readonly content: { readonly [type: string]: { readonly schema: JsonSchema } } };
  readonly responses: { readonly [status: string]: Response };
}

interface Response {
  readonly description: string;
  readonly content?: { readonly [type: string]: { readonly schema: JsonSchema } };
}

/** Every route of the operators' port. */
export const routeSections = (): string => sectionsOf(documentedRoutes());

/** The two routes of the Kestra-shaped port. */
export const kestraSections = (): string => sectionsOf(kestraRoutes(NO_OPERATIONS, systemClock));

/** What `$ref` leads to. */
export function sharedSchemas(): string {
  const everyRoute = [...documentedRoutes(), ...kestraRoutes(NO_OPERATIONS, systemClock)];
  const schemas = Object.entries(componentsOf(openApiDocument(everyRoute)));
  return schemas
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([name, schema]) => [`### ${name}`, '', partOf(schema)].join('\n'))
    .join('\n\n');
}

function partOf(schema: JsonSchema): string {
  return schema.type === 'object' ? fieldTable(schema) : typeOf(schema);
}

export function errorCodeTable(): string {
  const rows = Object.entries(ERROR_CODES).map(
    ([code, { number, http, message }]) => `| \`${code}\` | ${number} | ${http} | ${message} |`,
  );
  return ['| code | number | status | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

function sectionsOf(routes: readonly Route[]): string {
  const { paths = {} } = openApiDocument(routes);
  return routes
    .map((route) => {
      const path = templateOf(route.path);
      const operation = (paths[path] as { readonly [method: string]: Operation })[route.method.toLowerCase()];
      if (operation === undefined) throw new Error(`${route.method} ${path} is not in the document`);
      return sectionOf(route, operation);
    })
    .join('\n\n');
}

function sectionOf(route: Route, operation: Operation): string {
  const body = operation.requestBody?.content[JSON_TYPE]?.schema;
  return [
    `### ${route.method} ${templateOf(route.path)}`,
    '',
    `${route.summary}. Needs ${roleInWords(route)}.`,
    ...parametersOf(operation),
    ...(body === undefined
      ? []
      : ['', route.request?.needsBody ? 'Body:' : 'Body (may be empty):', '', partOf(body)]),
    '',
    'Answers:',
    '',
    ...Object.keys(route.answers).map((status) => answerLine(status, route, operation)),
    '',
    `Problems: ${problemsOf(route)
      .map((code) => `\`${code}\``)
      .join(', ')}.`,
    ...fieldsOfAnswer(operation),
  ].join('\n');
}

function parametersOf({ parameters = [] }: Operation): string[] {
  if (parameters.length === 0) return [];
  const rows = parameters.map(
    ({ name, in: place, description = '', schema }) =>
      `| \`${name}\` | ${place} | ${typeOf(schema)} | ${description} |`,
  );
  return ['', '| parameter | in | type | meaning |', '|---|---|---|---|', ...rows];
}

function answerLine(status: string, route: Route, operation: Operation): string {
  const types = Object.entries(operation.responses[status]?.content ?? {})
    .filter(([type]) => type !== 'application/problem+json')
    .map(([type, { schema }]) => (type === JSON_TYPE ? typeOf(schema) : `\`${type}\``));
  return `- \`${status}\` ${route.answers[Number(status)]?.description ?? ''} ${types.join(' or ')}`;
}

/** The fields of an answer that has no name of its own. */
function fieldsOfAnswer({ responses }: Operation): string[] {
  const schema = (responses['200'] ?? responses['202'])?.content?.[JSON_TYPE]?.schema;
  if (schema?.properties === undefined) return [];
  return ['', fieldTable(schema)];
}

function componentsOf(document: OpenApiDocument): { readonly [name: string]: JsonSchema } {
  return (document.components?.schemas ?? {}) as { readonly [name: string]: JsonSchema };
}
