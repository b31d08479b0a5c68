/**
 * The two calls of the runbook that are addressed to Kestra, in the JSON form that it shows. A real Kestra takes
 * multipart forms only and runs flows; here each call does at once what its flow would do.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { HotslotError } from '../errors/hotslot-error.js';
import type { Clock } from '../time/clock.js';
import { type Answer, json } from './http-exchange.js';
import type { Operations } from './operations.js';
import { DEFAULT_SLIPPAGE_MINUTES, MAX_REASON_LENGTH } from './requests.js';
import { jsonAnswer, type Route } from './route.js';

/** The port on which Kestra listens unless it is told otherwise. */
export const KESTRA_DEFAULT_PORT = 8080;
/** How long a slippage counts that is set "temporarily": as long as one whose duration is not named. */
export const SLIPPAGE_OVERRIDE_MS = DEFAULT_SLIPPAGE_MINUTES * 60_000;

const NAMESPACE = 'solana.trading';

/** Lenient: no field that is not known may keep a stop from being heard. */
const stopSchema = z.object({
  inputs: z.object({ reason: z.string(), message: z.string() }).partial().optional(),
});

/** Percent; Kestra's own form gives numbers as text. */
const percent = z.union([
  z.number(),
  z
    .string()
    .regex(/^\d{1,3}(\.\d{1,6})?$/)
    .transform(Number),
]);

const flowSchema = z.object({ inputs: z.object({ slippage: percent.pipe(z.number().min(0).max(100)) }) });

/** An execution as Kestra tells of one that has ended. */
const executionSchema = z
  .object({
    id: z.string(),
    namespace: z.literal(NAMESPACE),
    flowId: z.string(),
    inputs: z.record(z.string(), z.unknown()),
    outputs: z.record(z.string(), z.unknown()),
    state: z.object({
      current: z.literal('SUCCESS'),
      histories: z.array(z.object({ state: z.literal('SUCCESS'), date: z.iso.datetime() })),
      startDate: z.iso.datetime(),
      endDate: z.iso.datetime(),
    }),
  })
  .meta({ id: 'KestraExecution' });

export function kestraRoutes(operations: Operations, clock: Clock): Route[] {
  return [
    {
      method: 'POST',
      path: `/api/v1/executions/${NAMESPACE}/emergency-stop`,
      role: 'stop',
      summary: 'Stop, as `POST /api/kill-switch` does',
      request: { body: stopSchema },
      answers: { 200: jsonAnswer('It is in force.', executionSchema) },
      problems: ['JOURNAL_UNWRITABLE'],
      handler: ({ body }) => emergencyStop(operations, clock, body),
    },
    {
      method: 'POST',
      path: `/api/v1/executions/${NAMESPACE}/solana-trading-flow`,
      role: 'admin',
      summary: `Let another default slippage, in percent, count for ${DEFAULT_SLIPPAGE_MINUTES} minutes`,
      request: { body: flowSchema, needsBody: true },
      answers: { 200: jsonAnswer('It counts.', executionSchema) },
      problems: ['RISK_LIMIT', 'NOT_READY'],
      handler: ({ body }) => tradingFlow(operations, clock, body),
    },
  ];
}

async function emergencyStop(operations: Operations, clock: Clock, body: unknown): Promise<Answer> {
  const inputs = stopSchema.safeParse(body ?? {}).data?.inputs ?? {};
  const reason = [inputs.reason, inputs.message].filter((part) => part !== undefined).join(': ');
  const outputs = await operations.engageKillSwitch(
    'stop',
    (reason || 'no reason given').slice(0, MAX_REASON_LENGTH),
    'kestra',
  );
  return json(execution('emergency-stop', inputs, outputs, clock));
}

function tradingFlow(operations: Operations, clock: Clock, body: unknown): Answer {
  const parsed = flowSchema.safeParse(body);
  if (!parsed.success) {
    throw new HotslotError('INTENT_FIELD_INVALID', {
      field: 'inputs.slippage',
      detail: '`inputs.slippage` must be percent, 0 to 100.',
    });
  }
  const { slippage } = parsed.data.inputs;
  const untilMs = operations.overrideSlippage(slippage, SLIPPAGE_OVERRIDE_MS);
  const outputs = { defaultSlippagePercent: slippage, until: new Date(untilMs).toISOString() };
  return json(execution('solana-trading-flow', parsed.data.inputs, outputs, clock));
}

function execution(flowId: string, inputs: object, outputs: object, clock: Clock) {
  const date = new Date(clock.nowMs()).toISOString();
  return {
    id: randomUUID(),
    namespace: NAMESPACE,
    flowId,
    inputs,
    outputs,
    state: { current: 'SUCCESS', histories: [{ state: 'SUCCESS', date }], startDate: date, endDate: date },
  };
}
