/** Requests to the operators' plane: every route of its table and others, with wrong methods, heads and bodies. */
import type { Seeded } from '../drill/seeded.js';
import { documentedRoutes } from '../src/docs/api-tables.js';
import { encodeRequest, headerText, oddHeaders, pathText } from './http-bytes.js';
import type { Message } from './message.js';
import type { Surroundings } from './surroundings.js';
import { tradeRequest } from './trade-requests.js';
import { brokenText, hostileString, hostileValue, mutated, randomBytes, stringify } from './values.js';

/** Weight, method, path. Paths have `:id` for something that stands for an identifier. */
const WEIGHED_ROUTES: readonly (readonly [weight: number, method: string, path: string])[] = [
  [8, 'GET', '/livez'],
  [4, 'GET', '/readyz'],
  [4, 'GET', '/health'],
  [2, 'GET', '/metrics'],
  [1, 'GET', '/openapi.json'],
  [2, 'GET', '/'],
  [1, 'GET', '/ws'],
  [8, 'GET', '/api/status'],
  [3, 'GET', '/api/metrics'],
  [3, 'GET', '/api/latency'],
  [1, 'GET', '/api/latency.hlog'],
  [1, 'GET', '/api/latency.hgrm'],
  [3, 'GET', '/api/queue/status'],
  [3, 'GET', '/api/positions'],
  [8, 'GET', '/api/trades/:id'],
  [3, 'GET', '/api/trades'],
  [3, 'GET', '/api/kill-switch'],
  [3, 'GET', '/api/circuit-breakers'],
  [2, 'GET', '/api/debug/memory'],
  [2, 'GET', '/api/keys'],
  [1, 'GET', '/api/prices'],
  [3, 'GET', '/api/prices/:id'],
  [2, 'PUT', '/api/config/default-slippage'],
  [8, 'GET', '/api/:id'],
  [8, 'GET', '/:id'],
  [80, 'POST', '/api/trades'],
  [6, 'POST', '/api/trades/:id/cancel'],
  [1, 'POST', '/api/queue/clear'],
  [5, 'POST', '/api/kill-switch'],
  [4, 'POST', '/api/circuit-breakers/:id/close'],
  [2, 'POST', '/api/circuit-breakers/:id/open'],
  [4, 'PUT', '/api/config/max-concurrent-trades'],
  [4, 'POST', '/api/profile'],
];

/** These rebuild state or read key files: a few in a hundred thousand are enough. */
const HEAVY_ROUTES = ['/api/accounts/restart', '/api/keys/reload'] as const;
const HEAVY_SHARE = 0.0002;

const nameOf = (method: string, path: string) => `${method} ${path}`;
const WEIGHED: ReadonlySet<string> = new Set([
  ...WEIGHED_ROUTES.map(([, method, path]) => nameOf(method, path)),
  ...HEAVY_ROUTES.map((path) => nameOf('POST', path)),
]);
/** Of a route that is in the control plane's own table and not in the one above. */
const USUAL_WEIGHT = 2;
const ROUTES: typeof WEIGHED_ROUTES = [
  ...WEIGHED_ROUTES,
  ...documentedRoutes()
    .map(({ method, path }) => [USUAL_WEIGHT, method, path.replace(/:\w+/, ':id')] as const)
    .filter(([, method, path]) => !WEIGHED.has(nameOf(method, path))),
];

const KESTRA_ROUTES: readonly (readonly [number, string, string])[] = [
  [3, 'POST', '/api/v1/executions/solana.trading/emergency-stop'],
  [6, 'POST', '/api/v1/executions/solana.trading/solana-trading-flow'],
  [1, 'POST', '/api/v1/executions/solana.trading/:id'],
  [1, 'GET', '/:id'],
];

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'BREW'];
const BREAKERS = ['rpc', 'stream', 'jupiter', 'redis', 'send'];

export function controlRequest(random: Seeded, surroundings: Surroundings, index: number): Message {
  if (random.chance(HEAVY_SHARE)) return heavy(random, surroundings, index);
  return routed(ROUTES, random, surroundings, index);
}

export function kestraRequest(random: Seeded, surroundings: Surroundings, index: number): Message {
  return routed(KESTRA_ROUTES, random, surroundings, index);
}

function routed(routes: typeof ROUTES, random: Seeded, surroundings: Surroundings, index: number): Message {
  const [, usual, pattern] = weighted(routes, random);
  const isOddMethod = random.chance(0.03);
  const method = isOddMethod ? random.pick(METHODS) : usual;
  const path = pattern.replace(':id', () => identifier(random)) + query(random, pattern);
  const hasBody = method !== 'GET' || random.chance(0.01);
  const body = hasBody ? bodyOf(pattern, random, surroundings, index) : undefined;
  const bytes = encodeRequest({
    method,
    path,
    headers: headersOf(random, surroundings),
    ...(body === undefined ? {} : { body, chunked: random.chance(0.1) }),
  });
  // A stop, a release and a profile are answered late.
  const alone = isOddMethod || /kill-switch|emergency-stop|profile|hlog|openapi|^\/(api\/)?:id/.test(pattern);
  return { index, kind: `${method} ${pattern}`, bytes, alone };
}

function heavy(random: Seeded, surroundings: Surroundings, index: number): Message {
  const path = random.pick(HEAVY_ROUTES);
  const bytes = encodeRequest({
    method: 'POST',
    path,
    headers: headersOf(random, surroundings),
    body: Buffer.alloc(0),
  });
  return { index, kind: `POST ${path}`, bytes, alone: true };
}

function headersOf(random: Seeded, { tokens }: Surroundings): (readonly [string, string])[] {
  const headers: (readonly [string, string])[] = [
    ['Host', random.chance(0.98) ? '127.0.0.1' : 'evil.example'],
  ];
  const draw = random.next();
  if (draw < 0.9) headers.push(['Authorization', `Bearer ${tokens.admin}`]);
  else if (draw < 0.93) headers.push(['Authorization', `Bearer ${tokens.trade}`]);
  else if (draw < 0.96) headers.push(['Authorization', `Bearer ${tokens.read}`]);
  else if (draw < 0.99)
    headers.push(['Authorization', headerText(`Bearer ${hostileString(random)}`).slice(0, 900)]);
  if (random.chance(0.02))
    headers.push(['Origin', random.pick(['null', 'http://evil.example', 'http://127.0.0.1'])]);
  if (random.chance(0.5))
    headers.push(['Content-Type', random.pick(['application/json', 'text/plain', 'x/y'])]);
  if (random.chance(0.1)) headers.push(...oddHeaders(random));
  return headers;
}

function identifier(random: Seeded): string {
  if (random.chance(0.3)) return random.pick(BREAKERS);
  const text = random.chance(0.2)
    ? randomBytes(random, random.between(1, 40)).toString('hex')
    : hostileString(random);
  // The server's head has room for about four kilobytes.
  return pathText(text).slice(0, random.chance(0.1) ? 3_000 : 200);
}

function query(random: Seeded, pattern: string): string {
  if (!random.chance(pattern === '/api/trades' || pattern.endsWith('.hgrm') ? 0.8 : 0.05)) return '';
  const name = random.pick(['limit', 'histogram', 'cursor', 'state', 'wallet', 'mint', '', '__proto__']);
  const usual = random.pick(['1', '100', '1000', '1001', '0', '-1', '1e2', 'intentToConfirmed', 'finalized']);
  const value = random.chance(0.5) ? usual : pathText(hostileString(random)).slice(0, 300);
  return `?${name}=${value}${random.chance(0.1) ? `&${name}=${value}&%=%zz&&=` : ''}`;
}

function bodyOf(pattern: string, random: Seeded, surroundings: Surroundings, index: number): Buffer {
  if (pattern === '/api/trades') return tradeRequest(random, surroundings, index);
  const base = usualBody(pattern, random);
  const draw = random.next();
  if (draw < 0.3) return Buffer.from(stringify(base));
  if (draw < 0.75) return Buffer.from(stringify(mutated(base, random)));
  if (draw < 0.8) return Buffer.alloc(0);
  if (draw < 0.85) return randomBytes(random, random.between(1, 200));
  if (draw < 0.9) return Buffer.from(stringify(hostileValue(random)));
  return Buffer.from(brokenText(stringify(base), random));
}

function usualBody(pattern: string, random: Seeded): object {
  if (pattern.endsWith('kill-switch')) {
    // Released more often than thrown, so that trades go on being tried.
    return random.chance(0.7)
      ? { active: false, reason: 'fuzz' }
      : {
          active: true,
          grade: random.pick(['stop', 'reduce', 'drain']),
          reason: 'fuzz',
          message: 'on purpose',
        };
  }
  if (pattern.endsWith('max-concurrent-trades'))
    return { value: random.chance(0.8) ? random.between(1, 4096) : 'auto' };
  // Each one that is valid is taken for that long: a tenth of a second, or refused.
  if (pattern.endsWith('profile'))
    return { seconds: random.chance(0.1) ? 0.1 : random.pick([0, -1, 61, 1e9]) };
  if (pattern.endsWith('emergency-stop')) return { inputs: { reason: 'fuzz', message: 'on purpose' } };
  if (pattern.endsWith('solana-trading-flow')) return { inputs: { slippage: random.between(0, 5) } };
  return { reason: 'fuzz' };
}

function weighted<Item extends readonly [number, ...unknown[]]>(
  items: readonly Item[],
  random: Seeded,
): Item {
  let left = random.next() * items.reduce((sum, [weight]) => sum + weight, 0);
  for (const item of items) {
    left -= item[0];
    if (left < 0) return item;
  }
  return items[0]!;
}
