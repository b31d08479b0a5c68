/** `GET /openapi.json`: made from the table of routes by the build, read when it is first asked for, and kept. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { json } from './http-exchange.js';
import { jsonAnswer, type Route } from './route.js';

/** In the root of what is built; this module lies two folders below it. */
export const OPENAPI_FILE = new URL('../../openapi.json', import.meta.url);

const openApiSchema = z.looseObject({
  openapi: z.string(),
  info: z.looseObject({ title: z.string(), version: z.string() }),
  paths: z.record(z.string(), z.unknown()),
});

/** @param file that is served */
export function openApiRoute(file: URL = OPENAPI_FILE): Route {
  let document: Promise<Uint8Array> | undefined;
  return {
    method: 'GET',
    path: '/openapi.json',
    role: 'read',
    summary: 'This description of the control plane',
    answers: { 200: jsonAnswer('OpenAPI 3.1.', openApiSchema) },
    handler: async () => {
      document ??= readFile(file).catch((error: unknown) => {
        // Read anew by whoever asks next: it may be the build that was under way.
        document = undefined;
        throw error;
      });
      return json(await document);
    },
  };
}
