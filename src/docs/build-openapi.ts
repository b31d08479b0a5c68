/**
 * A step of the build: the OpenAPI document as a file of dist/, since making it would take tens of milliseconds of the
 * trades' thread.
 */
import { writeFileSync } from 'node:fs';
import { openApiDocument } from '../control/openapi.js';
import { OPENAPI_FILE } from '../control/openapi-route.js';
import { documentedRoutes } from './api-tables.js';

writeFileSync(OPENAPI_FILE, JSON.stringify(openApiDocument(documentedRoutes())));
