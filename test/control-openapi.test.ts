/** The document that /openapi.json serves describes the table of routes, and a linter that is not ours accepts it. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openApiDocument } from '../src/control/openapi.js';
import { OPENAPI_FILE } from '../src/control/openapi-route.js';
import { problemsOf, templateOf } from '../src/control/route.js';
import { documentedRoutes } from '../src/docs/api-tables.js';
import { fieldTable } from '../src/docs/schema-fields.js';
import { ERROR_CODES } from '../src/errors/codes.js';

const routes = documentedRoutes();

interface LintReport {
  readonly totals: { readonly errors: number; readonly warnings: number; readonly ignored: number };
  readonly problems: readonly unknown[];
}

/** Redocly's own rules, offline: without its telemetry and its look for a newer version. */
async function lint(file: string): Promise<LintReport> {
  const manifest = createRequire(import.meta.url).resolve('@redocly/cli/package.json');
  const bin = JSON.parse(readFileSync(manifest, 'utf8')).bin as { redocly: string };
  const child = spawn(
    process.execPath,
    [join(dirname(manifest), bin.redocly), 'lint', file, '--extends=recommended-strict', '--format=json'],
    {
      env: {
        PATH: process.env.PATH,
        REDOCLY_TELEMETRY: 'off',
        REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
        REDOCLY_SUPPRESS_NOTIFICATIONS: 'true',
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await new Promise((resolve) => child.once('close', resolve));
  return JSON.parse(output.slice(output.indexOf('{')));
}

describe('the OpenAPI document', () => {
  const served = JSON.parse(readFileSync(OPENAPI_FILE, 'utf8'));

  it('is what the table of routes says', () => {
    expect(served).toEqual(JSON.parse(JSON.stringify(openApiDocument(routes))));
    const described = Object.entries(served.paths as { [path: string]: object }).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.sort()).toEqual(
      routes.map(({ method, path }) => `${method} ${templateOf(path)}`).sort(),
    );
  });

  it('passes the linter without an error or a warning', async () => {
    const { totals, problems } = await lint(fileURLToPath(OPENAPI_FILE));
    expect(problems).toEqual([]);
    expect(totals).toMatchObject({ errors: 0, warnings: 0 });
  }, 60_000);

  it('names every problem that a route may answer with under its status', () => {
    for (const route of routes) {
      const { responses } = served.paths[templateOf(route.path)][route.method.toLowerCase()];
      for (const code of problemsOf(route)) {
        const answer = responses[ERROR_CODES[code].http];
        expect(answer.description, `${route.path} ${code}`).toContain(`\`${code}\``);
        expect(Object.keys(answer.content)).toContain('application/problem+json');
      }
    }
  });
});

it('a table of fields follows objects, arrays and maps, and marks what may be missing', () => {
  const table = fieldTable({
    type: 'object',
    required: ['list'],
    properties: {
      list: { type: 'array', items: { type: 'object', properties: { one: { $ref: '#/x/Pool' } } } },
      map: {
        type: 'object',
        additionalProperties: { type: 'object', properties: { kind: { enum: ['a', 'b'] } } },
      },
      range: { type: 'integer', minimum: 1, maximum: 9, description: 'a|b' },
    },
  });
  expect(table.split('\n').slice(2)).toEqual([
    '| `list` | array of object |  |',
    '| `list[].one?` | [Pool](#pool) |  |',
    '| `map?` | object |  |',
    '| `map.*.kind?` | `a` or `b` |  |',
    '| `range?` | integer, 1 to 9 | a\\|b |',
  ]);
});
