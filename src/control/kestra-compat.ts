/**
 * The two calls of the runbook that are addressed to Kestra, in the JSON form that it shows. A real Kestra takes
 * multipart forms only and runs flows; here each call does at once what its flow would do.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { HotslotError } from '../errors/hotslot-error.js';
import type { Clock } from '../time/clock.js';
import type { Route } from './control-server.js';
import { type Answer, json } from './http-exchange.js';
import type { Operations } from './operations.js';

/** The port on which Kestra listens unless it is told otherwise. */
export const KESTRA_DEFAULT_PORT = 8080;
/** How long a slippage counts that is set "temporarily". */
export const SLIPPAGE_OVERRIDE_MS = 15 * 60_000;

const NAMESPACE = 'solana.trading';
const MAX_REASON_LENGTH = 500;

/** Lenient: no field that is not known may keep a stop from being heard. */
const stopSchema = z.object({
  inputs: z.object({ reason: z.string(), message: z.string() }).partial().optional().catch(undefined),
});

const flowSchema = z.object({ inputs: z.object({ slippage: z.coerce.number().min(0).max(100) }) });

export function kestraRoutes(operations: Operations, clock: Clock): Route[] {
  return [
    {
      method: 'POST',
      path: `/api/v1/executions/${NAMESPACE}/emergency-stop`,
      role: 'trade',
      handler: ({ body }) => emergencyStop(operations, clock, body),
    },
    {
      method: 'POST',
      path: `/api/v1/executions/${NAMESPACE}/solana-trading-flow`,
      role: 'admin',
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

/** An execution as Kestra tells of one that has ended. */
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
