/** Routes by which operators restart accounts, and change keys and the default slippage, without a new process. */
import { type Answer, json, type Request } from './http-exchange.js';
import type { Maintenance } from './operations.js';
import { defaultSlippageRequestSchema, parseBody } from './requests.js';
import { jsonAnswer, type Route } from './route.js';
import {
  accountsRestartedSchema,
  keysReloadedSchema,
  keysSchema,
  mintListsSchema,
  slippageOverrideSchema,
} from './schemas/maintenance.js';

const MINUTE_MS = 60_000;

export function maintenanceRoutes(maintenance: Maintenance): Route[] {
  return [
    {
      method: 'POST',
      path: '/api/accounts/restart',
      role: 'admin',
      summary: 'Build locks anew from what is live, and read the accounts again from the chain',
      answers: { 200: jsonAnswer('What was found.', accountsRestartedSchema) },
      problems: ['NOT_READY'],
      handler: async () => json(await maintenance.restartAccounts()),
    },
    {
      method: 'GET',
      path: '/api/keys',
      role: 'read',
      summary: 'List the trading keys in use, with the live trades of each',
      answers: { 200: jsonAnswer('Names and addresses, no secret.', keysSchema) },
      problems: ['NOT_READY'],
      handler: () => json(maintenance.keys()),
    },
    {
      method: 'POST',
      path: '/api/keys/reload',
      role: 'admin',
      summary: 'Read the keystore again',
      answers: { 200: jsonAnswer('What came and what retires.', keysReloadedSchema) },
      problems: ['KEYSTORE_INVALID', 'NOT_READY'],
      handler: async () => json(await maintenance.reloadKeys()),
    },
    {
      method: 'POST',
      path: '/api/mint-lists/reload',
      role: 'admin',
      summary: 'Read the denylist and the allowlist now',
      answers: { 200: jsonAnswer('What is in force.', mintListsSchema) },
      problems: ['NOT_READY'],
      handler: async () => json(await maintenance.reloadMintLists()),
    },
    {
      method: 'PUT',
      path: '/api/config/default-slippage',
      role: 'admin',
      summary: 'Let another default slippage count for a time',
      request: { body: defaultSlippageRequestSchema, needsBody: true },
      answers: { 200: jsonAnswer('What counts, and until when.', slippageOverrideSchema) },
      problems: ['RISK_LIMIT', 'NOT_READY'],
      handler: (request) => overrideSlippage(maintenance, request),
    },
  ];
}

function overrideSlippage(maintenance: Maintenance, { body }: Request): Answer {
  const { percent, minutes } = parseBody(defaultSlippageRequestSchema, body);
  const untilMs = maintenance.overrideSlippage(percent, minutes * MINUTE_MS);
  return json({ defaultSlippagePercent: percent, until: new Date(untilMs).toISOString() });
}
