/** A route with everything that is promised of it: validation, the OpenAPI document and docs/API.md come from here. */
import type { z } from 'zod';
import type { ErrorCode } from '../errors/codes.js';
import type { Role } from './access.js';
import type { Handler } from './http-exchange.js';

export type Method = 'GET' | 'POST' | 'PUT';

/** What a route takes beside its path. */
export interface RequestSchemas {
  /** The `:name` parts of the path. */
  readonly parameters?: z.ZodObject;
  readonly query?: z.ZodObject;
  /** JSON, whatever the content type says. */
  readonly body?: z.ZodType;
  /** An empty body is not taken. */
  readonly needsBody?: boolean;
}

export interface AnswerDeclaration {
  readonly description: string;
  /** By content type. */
  readonly content: { readonly [contentType: string]: z.ZodType };
}

export interface Route {
  readonly method: Method;
  /** With `:name` for a parameter. */
  readonly path: string;
  readonly role: Role;
  /** What needs more than the role, where the body decides. */
  readonly moreRoles?: string;
  /** One sentence, without its full stop. */
  readonly summary: string;
  readonly request?: RequestSchemas;
  /** By status; problem documents are left to `problems`. */
  readonly answers: { readonly [status: number]: AnswerDeclaration };
  /** Codes of its own, beside those that any route may answer with. */
  readonly problems?: readonly ErrorCode[];
  readonly handler: Handler;
}

export const JSON_TYPE = 'application/json';

/** An answer of JSON. */
export function jsonAnswer(description: string, schema: z.ZodType): AnswerDeclaration {
  return { description, content: { [JSON_TYPE]: schema } };
}

/** The method and path as OpenAPI writes them: `/api/trades/{id}`. */
export function templateOf(path: string): string {
  return path.replace(/:([A-Za-z]+)/g, '{$1}');
}

/** Problems that the server itself answers with before a handler sees the request. */
export function problemsOf(route: Route): ErrorCode[] {
  const codes = new Set<ErrorCode>(['ORIGIN_REFUSED', 'TOO_MANY_REQUESTS']);
  if (route.role !== 'open') codes.add('UNAUTHENTICATED').add('FORBIDDEN');
  if (route.method !== 'GET') codes.add('INTENT_MALFORMED').add('BODY_TOO_LARGE');
  if (route.request?.body !== undefined) codes.add('INTENT_UNKNOWN_FIELD').add('INTENT_FIELD_INVALID');
  if (route.request?.needsBody === true) codes.add('INTENT_FIELD_MISSING');
  if (route.request?.query !== undefined) codes.add('INTENT_FIELD_INVALID').add('HEAD_TOO_LARGE');
  if (route.request?.parameters !== undefined) codes.add('HEAD_TOO_LARGE');
  for (const code of route.problems ?? []) codes.add(code);
  return [...codes];
}

/** What a client needs: nothing, or which role. */
export function roleInWords({ role, moreRoles }: Route): string {
  const more = moreRoles === undefined ? '' : `; ${moreRoles}`;
  if (role === 'open') return `no token${more}`;
  if (role === 'stop') return `the role \`trade\`, or on loopback no token${more}`;
  return `the role \`${role}\`${more}`;
}
