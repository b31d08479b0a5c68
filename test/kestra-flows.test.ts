/** The Kestra flows: well formed by Kestra's rules, bounded, without a secret, and asking only for what is there. */
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { defaultSlippageRequestSchema, killSwitchRequestSchema } from '../src/control/requests.js';
import { parseTradeRequest } from '../src/control/trade-request.js';
import { documentedRoutes } from '../src/docs/api-tables.js';
import {
  type Flow,
  flowSchema,
  type HttpTask,
  readFlows,
  renderedBody,
  tasksOf,
} from './support/kestra-flows.js';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const OURS = '{{ vars.hotslot }}';
const files = readFlows(join(ROOT, 'kestra/flows'));
const flows = files.map(({ value }) => value as Flow);
const requests = flows.flatMap((flow) =>
  tasksOf(flow)
    .filter((task): task is HttpTask => task.type === 'io.kestra.plugin.core.http.Request')
    .map((task) => ({ flow: flow.id, task })),
);
const ours = requests.filter(({ task }) => task.uri.startsWith(OURS));

const routes = documentedRoutes();

function isRoute({ method, uri }: HttpTask): boolean {
  const path = uri.slice(OURS.length).replace(/\{\{[^}]*\}\}/g, ':id');
  return routes.some((route) => route.method === method && route.path === path);
}

describe('the Kestra flows', () => {
  it('are those that the runbook and the issue of every day need', () => {
    expect(flows.map(({ id }) => id)).toEqual([
      'daily-shutdown-check',
      'daily-startup-check',
      'emergency-stop',
      'log-cleanup',
      'solana-trading-flow',
      'weekly-key-rotation',
    ]);
  });

  it.each(files)('$file keeps the rules of a flow', ({ file, text, value }) => {
    const parsed = flowSchema.safeParse(value);
    expect(parsed.error?.issues ?? []).toEqual([]);
    const flow = parsed.data!;
    expect([`${flow.id}.yml`, flow.namespace]).toEqual([file, 'solana.trading']);
    const ids = tasksOf(flow).map((task) => task.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(flow.triggers.map(({ type }) => type)).toContain('io.kestra.plugin.core.trigger.Webhook');
    // Removed by 2.0.
    expect(text).not.toMatch(/\bjson\(|\| json\b|ForEach|pluginDefaults|taskDefaults|listeners|runIf/);
  });

  it.each(files)('$file holds no secret, and takes every one by secret()', ({ value }) => {
    const flow = value as Flow;
    const taken: string[] = [];
    for (const trigger of flow.triggers) if ('key' in trigger) taken.push(trigger.key);
    for (const task of tasksOf(flow)) {
      if (task.type === 'io.kestra.plugin.fs.ssh.Command') taken.push(task.privateKey, task.username);
      if (task.type !== 'io.kestra.plugin.core.http.Request') continue;
      if (task.uri.startsWith(OURS)) taken.push(task.headers!.Authorization!.replace(/^Bearer /, ''));
      else taken.push(task.uri);
    }
    for (const expression of taken) expect(expression).toMatch(/^\{\{ secret\('[A-Z_]+'\) \}\}$/);
  });

  it('ask only for routes of the control plane', () => {
    expect(ours.length).toBeGreaterThan(10);
    expect(ours.filter(({ task }) => !isRoute(task)).map(({ task }) => `${task.method} ${task.uri}`)).toEqual(
      [],
    );
  });

  it('send only bodies that those routes take', () => {
    const checks: { readonly [path: string]: (body: unknown) => unknown } = {
      '/api/kill-switch': (body) => killSwitchRequestSchema.parse(body),
      '/api/config/default-slippage': (body) => defaultSlippageRequestSchema.parse(body),
      '/api/trades': (body) =>
        parseTradeRequest(
          { ...(body as object), outputMint: '7GCihgDB8fe6KNjn2MYtkzZcRjQy3t9GHdC8uHYmW2hr' },
          {
            slippageBps: 100,
            deadlineMs: 60_000,
            validityBlocks: 150,
          },
        ),
    };
    const bodies = ours.filter(({ task }) => task.body !== undefined);
    expect(bodies.length).toBeGreaterThan(3);
    for (const { task } of bodies)
      expect(() => checks[task.uri.slice(OURS.length)]!(renderedBody(task.body!)), task.uri).not.toThrow();
    for (const { task } of requests.filter(({ task }) => task.body !== undefined))
      expect(() => renderedBody(task.body!)).not.toThrow();
  });
});
