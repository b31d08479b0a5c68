/**
 * Requests to the cluster's admin routes. What would change the weather is asked for with values that must be
 * refused: a cluster that was told to fail would make every later answer a finding. The drills do the other half.
 */
import type { Seeded } from '../drill/seeded.js';
import { encodeRequest, pathText } from './http-bytes.js';
import type { Message } from './message.js';
import { brokenText, hostileString, randomBytes, stringify, Token } from './values.js';

const READS = ['/info', '/slots', '/conditions', '/chaos', '/keepers', '/market', '/record'];
const CHAOS = ['sendDropRate', 'read500Rate', 'streamDelayMs', 'readLagSlots', 'frozen', 'x', '__proto__'];
const CONDITIONS = ['slotMs', 'skipRate', 'forkRate', 'confirmSlots', 'leaderDelayMs', 'x', '__proto__'];
/** In range for no setting. */
const REFUSED: readonly unknown[] = [
  -1,
  'on',
  '',
  null,
  [],
  {},
  [0.5],
  new Token('1e999'),
  new Token('-1e999'),
  new Token('1e300'),
];
/** Each of these makes the executor connect anew. */
const CUT_SHARE = 0.0005;

export function adminRequest(random: Seeded, index: number): Message {
  if (random.chance(CUT_SHARE)) return made('POST', '/cut-streams', index, Buffer.from('{}'));
  const draw = random.next();
  if (draw < 0.3) {
    const path = random.pick(READS);
    const since =
      path === '/record' ? `?sinceMs=${pathText(random.pick(['1e300', 'x', '', '-1e999', '9e15']))}` : '';
    return made('GET', path + since, index);
  }
  if (draw < 0.4) {
    const method = random.pick(['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS']);
    return made(method, `/${pathText(hostileString(random)).slice(0, 500)}`, index);
  }
  const [path, names] = random.pick([
    ['/chaos', CHAOS],
    ['/conditions', CONDITIONS],
    ['/market', ['swapsPerSecond', 'x']],
    ['/step', ['slots', 'slots']],
  ] as const);
  const text = stringify({ [random.pick(names)]: random.pick(REFUSED) });
  const broken = random.chance(0.8) ? Buffer.from(text) : brokenBody(text, random);
  return made(path === '/step' ? 'POST' : 'PUT', path, index, broken);
}

/** Broken for sure: what was only cut short or changed could be a valid change of the weather. */
function brokenBody(text: string, random: Seeded): Buffer {
  if (random.chance(0.5)) {
    const broken = `${brokenText(text, random)}}`;
    return Buffer.from(isJson(broken) ? `!${broken}` : broken);
  }
  return Buffer.concat([Buffer.from('!'), randomBytes(random, random.between(1, 100))]);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function made(method: string, path: string, index: number, body?: Buffer): Message {
  const headers: (readonly [string, string])[] = [['Host', '127.0.0.1']];
  const bytes = encodeRequest({ method, path, headers, ...(body === undefined ? {} : { body }) });
  const [bare = ''] = path.split('?');
  const kind = [...READS, '/step', '/cut-streams'].includes(bare) ? bare : '/:unknown';
  return { index, kind: `${method} ${kind}`, bytes };
}
