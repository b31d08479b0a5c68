/** Routes by which operators restart accounts, and change keys and the default slippage, without a new process. */
import type { Route } from './control-server.js';
import { type Answer, json, type Request } from './http-exchange.js';
import type { Maintenance } from './operations.js';
import { defaultSlippageRequestSchema, parseBody } from './requests.js';

const MINUTE_MS = 60_000;

export function maintenanceRoutes(maintenance: Maintenance): Route[] {
  return [
    {
      method: 'POST',
      path: '/api/accounts/restart',
      role: 'admin',
      handler: async () => json(await maintenance.restartAccounts()),
    },
    { method: 'GET', path: '/api/keys', role: 'read', handler: () => json(maintenance.keys()) },
    {
      method: 'POST',
      path: '/api/keys/reload',
      role: 'admin',
      handler: async () => json(await maintenance.reloadKeys()),
    },
    {
      method: 'PUT',
      path: '/api/config/default-slippage',
      role: 'admin',
      handler: (request) => overrideSlippage(maintenance, request),
    },
  ];
}

function overrideSlippage(maintenance: Maintenance, { body }: Request): Answer {
  const { percent, minutes } = parseBody(defaultSlippageRequestSchema, body);
  const untilMs = maintenance.overrideSlippage(percent, minutes * MINUTE_MS);
  return json({ defaultSlippagePercent: percent, until: new Date(untilMs).toISOString() });
}
