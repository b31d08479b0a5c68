/** Routes by which operators restart accounts and change keys without a new process. */
import type { Route } from './control-server.js';
import { json } from './http-exchange.js';
import type { Maintenance } from './operations.js';

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
  ];
}
