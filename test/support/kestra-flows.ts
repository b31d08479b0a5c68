/**
 * Kestra's rules for a flow, as far as this project's flows use them. From the source of Kestra at github.com/kestra-io
 * (core: models/flows/Flow, models/tasks/Task, models/tasks/retrys, models/triggers, plugin/core/http/AbstractHttp,
 * plugin/core/flow/{If,LoopUntil}, plugin/core/execution/Assert, plugin/core/trigger/{Schedule,Webhook}; plugin-fs:
 * ssh/Command) and its migration guide to 2.0.0, which removes `conditions` of triggers, `ForEach`, `pluginDefaults`,
 * `taskDefaults`, `listeners`, the function `json()` and the filter `| json`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const duration = z
  .string()
  .regex(/^P(?!$)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$/, 'must be an ISO 8601 duration');
const id = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_-]*$/)
  .max(256);
const bounded = { maxAttempts: z.int().min(1), maxDuration: duration };
const retry = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('constant'), interval: duration, ...bounded }),
  z.strictObject({ type: z.literal('exponential'), interval: duration, maxInterval: duration, ...bounded }),
]);
const common = { id, description: z.string().optional() };
/** What goes out of Kestra has a time-out and a bounded retry here, though Kestra would do without. */
const remote = { ...common, timeout: duration, retry };

const requestTask = z.strictObject({
  ...remote,
  type: z.literal('io.kestra.plugin.core.http.Request'),
  uri: z.string().min(1),
  method: z.enum(['GET', 'POST', 'PUT']),
  contentType: z.literal('application/json').optional(),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.string().optional(),
});
const sshTask = z.strictObject({
  ...remote,
  type: z.literal('io.kestra.plugin.fs.ssh.Command'),
  host: z.string(),
  port: z.string(),
  authMethod: z.enum(['PASSWORD', 'PUBLIC_KEY', 'OPEN_SSH']),
  username: z.string(),
  privateKey: z.string(),
  commands: z.array(z.string()).min(1),
});
const assertTask = z.strictObject({
  ...common,
  type: z.literal('io.kestra.plugin.core.execution.Assert'),
  conditions: z.array(z.string()).min(1),
  errorMessage: z.string(),
});

export type HttpTask = z.infer<typeof requestTask>;
type LeafTask = HttpTask | z.infer<typeof sshTask> | z.infer<typeof assertTask>;
export type Task = LeafTask | IfTask | LoopTask;
interface IfTask {
  readonly id: string;
  readonly type: 'io.kestra.plugin.core.flow.If';
  readonly condition: string;
  readonly then: readonly Task[];
}
interface LoopTask {
  readonly id: string;
  readonly type: 'io.kestra.plugin.core.flow.LoopUntil';
  readonly condition: string;
  readonly tasks: readonly Task[];
}

const task: z.ZodType<Task> = z.lazy(() =>
  z.discriminatedUnion('type', [
    requestTask,
    sshTask,
    assertTask,
    z.strictObject({
      ...common,
      type: z.literal('io.kestra.plugin.core.flow.If'),
      condition: z.string(),
      // biome-ignore lint/suspicious/noThenProperty: Kestra's own name
      then: z.array(task).min(1),
    }),
    z.strictObject({
      ...common,
      type: z.literal('io.kestra.plugin.core.flow.LoopUntil'),
      condition: z.string(),
      failOnMaxReached: z.literal(true),
      checkFrequency: z.strictObject({
        interval: duration,
        maxIterations: z.int().min(1),
        maxDuration: duration,
      }),
      tasks: z.array(task).min(1),
    }),
  ]),
);

const input = z.discriminatedUnion('type', [
  z.strictObject({
    ...common,
    type: z.literal('STRING'),
    required: z.boolean(),
    defaults: z.string(),
    validator: z.string().optional(),
  }),
  z.strictObject({
    ...common,
    type: z.literal('FLOAT'),
    required: z.boolean(),
    defaults: z.number(),
    min: z.number(),
    max: z.number(),
  }),
]);

const trigger = z.discriminatedUnion('type', [
  z.strictObject({
    id,
    type: z.literal('io.kestra.plugin.core.trigger.Webhook'),
    key: z.string().max(256),
  }),
  z.strictObject({
    id,
    type: z.literal('io.kestra.plugin.core.trigger.Schedule'),
    cron: z.string().regex(/^(\S+ ){4}\S+$/, 'must have five fields'),
    timezone: z.string(),
    recoverMissedSchedules: z.enum(['ALL', 'LAST', 'NONE']),
    disabled: z.boolean().optional(),
  }),
]);

export const flowSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]*$/)
    .max(100),
  namespace: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]*$/)
    .max(150),
  description: z.string(),
  labels: z.record(z.string(), z.string()),
  inputs: z.array(input).optional(),
  variables: z.record(z.string(), z.string()),
  concurrency: z
    .strictObject({ limit: z.int().min(1), behavior: z.enum(['QUEUE', 'CANCEL', 'FAIL']) })
    .optional(),
  tasks: z.array(task).min(1),
  errors: z.array(task).min(1),
  outputs: z.array(z.strictObject({ id, type: z.literal('STRING'), value: z.string() })).optional(),
  triggers: z.array(trigger).min(1),
});
export type Flow = z.infer<typeof flowSchema>;

export interface FlowFile {
  readonly file: string;
  readonly text: string;
  readonly value: unknown;
}

export function readFlows(directory: string): FlowFile[] {
  return readdirSync(directory)
    .sort()
    .map((file) => {
      const text = readFileSync(join(directory, file), 'utf8');
      return { file, text, value: parse(text) as unknown };
    });
}

/** Every task of a flow, those of its branches and its errors too. */
export function tasksOf(flow: Flow): Task[] {
  const inside = (one: Task): Task[] => [
    one,
    ...('then' in one ? one.then.flatMap(inside) : []),
    ...('tasks' in one ? one.tasks.flatMap(inside) : []),
  ];
  return [...flow.tasks, ...flow.errors].flatMap(inside);
}

/** What the executor would get, with every expression replaced by something of its kind. */
export function renderedBody(body: string): unknown {
  const text = body
    .replace(/\{\{[^}]*slippage[^}]*\| toJson \}\}/g, '3.5')
    .replace(/\{\{[^}]*amount[^}]*\| toJson \}\}/g, '"1000"')
    .replace(/\{\{[^}]*\| toJson \}\}/g, '"So11111111111111111111111111111111111111112"')
    .replace(/\{\{[^}]*\}\}/g, 'rendered');
  return JSON.parse(text);
}
