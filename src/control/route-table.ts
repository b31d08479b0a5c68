/** Every route of the operators' contract, in one table. */
import type { Clock } from '../time/clock.js';
import { healthRoutes } from './health-routes.js';
import { maintenanceRoutes } from './maintenance-routes.js';
import { metricsRoutes } from './metrics-routes.js';
import { openApiRoute } from './openapi-route.js';
import type { Operations } from './operations.js';
import { priceRoutes } from './price-routes.js';
import { riskRoutes } from './risk-routes.js';
import type { Route } from './route.js';
import { speedRoutes } from './speed-routes.js';
import { tradeRoutes } from './trade-routes.js';

export function routeTable(operations: Operations, clock: Clock): readonly Route[] {
  return [
    ...healthRoutes(operations, clock),
    ...tradeRoutes(operations),
    ...riskRoutes(operations),
    ...priceRoutes(operations),
    ...speedRoutes(operations),
    ...metricsRoutes(operations),
    ...maintenanceRoutes(operations),
    openApiRoute(),
  ];
}
