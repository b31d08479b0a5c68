/** The OpenAPI document of a table of routes. */
import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import { ERROR_CODES, type ErrorCode } from '../errors/codes.js';
import { VERSION } from '../version.js';
import {
  type AnswerDeclaration,
  JSON_TYPE,
  problemsOf,
  type Route,
  roleInWords,
  templateOf,
} from './route.js';
import { PROBLEM_TYPE, problemSchema } from './schemas/problem.js';

const BEARER = 'bearerToken';

export type OpenApiDocument = ReturnType<OpenApiGeneratorV31['generateDocument']>;

/** @returns OpenAPI 3.1; takes tens of milliseconds, so ask for it once */
export function openApiDocument(routes: readonly Route[]): OpenApiDocument {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', BEARER, {
    type: 'http',
    scheme: 'bearer',
    description: 'API_TOKEN, API_TOKEN_TRADE or API_TOKEN_READ. Without any of them, loopback needs none.',
  });
  for (const route of routes) registry.registerPath(pathOf(route));
  const document = new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Hotslot',
      version: VERSION,
      description:
        'The control plane of a Solana trade executor. Numbers of 64 bits are decimal text. ' +
        'Refusals and faults are problem documents by RFC 9457 with stable codes.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The executor that serves this document.' }],
  });
  return document;
}

function pathOf(route: Route): RouteConfig {
  const { parameters, query, body, needsBody = false } = route.request ?? {};
  return {
    method: route.method.toLowerCase() as Lowercase<Route['method']>,
    path: templateOf(route.path),
    operationId: operationIdOf(route),
    summary: route.summary,
    description: `Needs ${roleInWords(route)}.`,
    security: securityOf(route),
    request: {
      ...(parameters === undefined ? {} : { params: parameters }),
      ...(query === undefined ? {} : { query }),
      ...(body === undefined
        ? {}
        : { body: { required: needsBody, content: { [JSON_TYPE]: { schema: body } } } }),
    },
    responses: { ...answersOf(route), ...problemAnswers(route) },
  };
}

function securityOf({ role }: Route): NonNullable<RouteConfig['security']> {
  if (role === 'open') return [];
  return role === 'stop' ? [{ [BEARER]: [] }, {}] : [{ [BEARER]: [] }];
}

function answersOf(route: Route): RouteConfig['responses'] {
  return Object.fromEntries(
    Object.entries(route.answers).map(([status, answer]) => [status, responseOf(answer)]),
  );
}

function responseOf({ description, content }: AnswerDeclaration) {
  const types = Object.entries(content).map(([type, schema]) => [type, { schema }]);
  return { description, content: Object.fromEntries(types) };
}

/** By status, with the codes that it may carry; one that also has an answer of its own carries either. */
function problemAnswers(route: Route): RouteConfig['responses'] {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of problemsOf(route)) {
    const { http } = ERROR_CODES[code];
    byStatus.set(http, [...(byStatus.get(http) ?? []), code]);
  }
  const answers = [...byStatus].map(([status, codes]) => {
    const own = route.answers[status];
    const told = codes.map((code) => `\`${code}\``).join(', ');
    const description = own === undefined ? `${told}.` : `${own.description} Or ${told}.`;
    return [status, responseOf({ description, content: { ...own?.content, [PROBLEM_TYPE]: problemSchema } })];
  });
  return Object.fromEntries(answers);
}

/** `getApiTradesId` for `GET /api/trades/:id`. */
function operationIdOf({ method, path }: Route): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  return method.toLowerCase() + words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('');
}
