/** Requests for quotes and prices of the cluster's Jupiter. */
import type { Seeded } from '../drill/seeded.js';
import { encodeRequest, oddHeaders, pathText } from './http-bytes.js';
import type { Message } from './message.js';
import type { Surroundings } from './surroundings.js';
import { hostileString } from './values.js';

const PATHS = ['/swap/v2/order', '/swap/v1/quote', '/price/v3'];
const MOST_IDS = 60;

export function jupiterRequest(random: Seeded, around: Surroundings, index: number): Message {
  const path = random.chance(0.95) ? random.pick(PATHS) : `/${pathText(hostileString(random)).slice(0, 300)}`;
  const mint = () => (random.chance(0.7) ? random.pick(around.mints) : hostileString(random).slice(0, 200));
  const amount = random.chance(0.6)
    ? String(random.between(1, 10 ** 9))
    : hostileString(random).slice(0, 200);
  const query: Record<string, string> =
    path === '/price/v3'
      ? { ids: Array.from({ length: random.between(0, random.chance(0.05) ? MOST_IDS : 4) }, mint).join(',') }
      : {
          inputMint: mint(),
          outputMint: mint(),
          amount,
          ...(random.chance(0.4)
            ? { slippageBps: random.pick(['50', '0', '10000', '10001', '-1', '1e2', '']) }
            : {}),
          ...(random.chance(0.2) ? { onlyDirectRoutes: random.pick(['true', 'false', '1', 'TRUE']) } : {}),
          ...(random.chance(0.1) ? { swapMode: random.pick(['ExactIn', 'ExactOut', '']) } : {}),
        };
  const names = Object.keys(query);
  if (random.chance(0.2) && names.length > 0) delete query[random.pick(names)];
  const text = Object.entries(query)
    .map(([name, value]) => `${name}=${pathText(value)}`)
    .join(random.chance(0.97) ? '&' : '&&%&');
  const method = random.chance(0.95) ? 'GET' : random.pick(['POST', 'PUT', 'DELETE', 'OPTIONS']);
  const bytes = encodeRequest({
    method,
    path: `${path}?${text}`,
    headers: [['Host', '127.0.0.1'], ...(random.chance(0.1) ? oddHeaders(random) : [])],
    ...(method === 'POST' ? { body: Buffer.from('{}') } : {}),
  });
  return { index, kind: `${method} ${PATHS.includes(path) ? path : '/:unknown'}`, bytes };
}
