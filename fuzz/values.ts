/** Values that parsers and checks have stumbled over elsewhere, and JSON that holds them. */
import type { Seeded } from '../drill/seeded.js';

/** Stands in JSON as it is written, quoted or not. */
export class Token {
  constructor(readonly text: string) {}
}

const NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', 'then', 'toJSON', '', ' '];

const STRINGS: readonly string[] = [
  ...NAMES,
  '\0',
  '\r\nX-Injected: 1',
  '\u202e\u200b\ufeff',
  '𝟘💥é́',
  '../../../../etc/passwd',
  '%00%ff%2e%2e%2f',
  '%s%n%x',
  "' OR 1=1 --",
  '<script>alert(1)</script>',
  '-1',
  '1e5',
  '0x10',
  '١٢٣',
  '18446744073709551615',
  '18446744073709551616',
  '99999999999999999999999999999999999999',
  'true',
  'null',
  '11111111111111111111111111111111',
  'So11111111111111111111111111111111111111112',
  'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA',
  'l0OI',
  'confirmed',
];

const TOKENS: readonly string[] = [
  '-0',
  '-1',
  '0.1',
  '1e999',
  '-1e999',
  '1e-400',
  '1E+2',
  '255',
  '65536',
  '4294967296',
  '9007199254740993',
  '18446744073709551615',
  '18446744073709551616',
  '1'.repeat(400),
  '"\\ud800"',
  '"\\u0000"',
  '"\\udc00\\ud800"',
  '[]',
  '{}',
  '[[]]',
  '{"":null}',
  '{"__proto__":{"admin":true}}',
  'null',
  'true',
  'false',
];

/** Tokens that no JSON has. */
const BROKEN: readonly string[] = [
  'NaN',
  'Infinity',
  '01',
  '.5',
  '0x1',
  "'a'",
  'undefined',
  '',
  '/**/1',
  '"\t"',
];

const LONGEST = 4_000;
const DEEPEST = 3_000;

export function hostileString(random: Seeded): string {
  if (random.chance(0.1)) return random.pick(['A', '9', 'é', '%']).repeat(random.between(1, LONGEST));
  if (random.chance(0.15)) return randomBytes(random, random.between(0, 64)).toString('latin1');
  return random.pick(STRINGS);
}

/** The same without halves of surrogate pairs, as UTF-8 has it. */
export function hostileText(random: Seeded): string {
  return Buffer.from(hostileString(random)).toString();
}

/** Anything that JSON can hold. */
export function hostileValue(random: Seeded): unknown {
  if (random.chance(0.35)) return hostileString(random);
  if (random.chance(0.03)) return new Token(nested(random));
  if (random.chance(0.1)) return random.between(-10, 2 ** 31);
  return new Token(random.pick(TOKENS));
}

function nested(random: Seeded): string {
  const depth = random.between(2, DEEPEST);
  return random.chance(0.5)
    ? '['.repeat(depth) + ']'.repeat(depth)
    : `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
}

export function randomBytes(random: Seeded, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 1) bytes[at] = Math.floor(random.next() * 256);
  return bytes;
}

export function stringify(value: unknown): string {
  if (value instanceof Token) return value.text;
  if (Array.isArray(value)) return `[${value.map(stringify).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${stringify(member)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

type Members = { [name: string]: unknown };

/** The value with one to three changes somewhere in it. The value itself stays as it is. */
export function mutated(value: unknown, random: Seeded): unknown {
  let changed = value;
  for (let left = random.between(1, 3); left > 0; left -= 1) changed = mutatedOnce(changed, random);
  return changed;
}

function mutatedOnce(value: unknown, random: Seeded): unknown {
  if (Array.isArray(value)) return mutatedArray(value, random);
  if (typeof value !== 'object' || value === null || value instanceof Token) return hostileValue(random);
  const members: Members = { ...value };
  const names = Object.keys(members);
  const draw = random.next();
  if (names.length === 0 || draw < 0.1) {
    // `__proto__` as a literal's member would set the prototype.
    Object.defineProperty(members, random.pick(STRINGS), {
      value: hostileValue(random),
      enumerable: true,
      configurable: true,
      writable: true,
    });
    return members;
  }
  const name = random.pick(names);
  if (draw < 0.2) delete members[name];
  else if (draw < 0.25) return hostileValue(random);
  else if (draw < 0.6) members[name] = mutatedOnce(members[name], random);
  else members[name] = hostileValue(random);
  return members;
}

function mutatedArray(value: readonly unknown[], random: Seeded): unknown {
  const items = [...value];
  const draw = random.next();
  if (items.length === 0 || draw < 0.1) return [...items, hostileValue(random)];
  const at = random.between(0, items.length - 1);
  if (draw < 0.2) return items.toSpliced(at, 1);
  if (draw < 0.25) return Array.from({ length: random.between(2, 40) }, () => items[at]);
  items[at] = draw < 0.7 ? mutatedOnce(items[at], random) : hostileValue(random);
  return items;
}

/** Text that was JSON before something happened to it: cut, doubled, overwritten, a member twice, a wrong token. */
export function brokenText(text: string, random: Seeded): string {
  const at = random.between(0, text.length);
  switch (random.between(0, 5)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text + text.slice(at);
    case 2:
      return text.slice(0, at) + hostileString(random) + text.slice(at);
    case 3:
      return text.replace(/:("[^"]*"|[\d.]+|true|false)/, `:${random.pick(BROKEN)}`);
    case 4:
      return text.replace(/^\{(.*)\}$/s, '{$1,$1}');
    default:
      return text.slice(0, at) + String.fromCharCode(random.between(0, 0xffff)) + text.slice(at + 1);
  }
}

/** Bytes with a few of them flipped, cut, doubled or put in. */
export function mutatedBytes(bytes: Buffer, random: Seeded): Buffer {
  let changed = Buffer.from(bytes);
  for (let left = random.between(1, 4); left > 0; left -= 1) {
    const at = random.between(0, changed.length);
    const draw = random.next();
    if (draw < 0.55 && at < changed.length) changed[at] = changed[at]! ^ (1 << random.between(0, 7));
    else if (draw < 0.7 && at < changed.length) changed[at] = random.pick([0, 1, 0x7f, 0x80, 0xfe, 0xff]);
    else if (draw < 0.8) changed = changed.subarray(0, at);
    else if (draw < 0.9) {
      const put = randomBytes(random, random.between(1, 16));
      changed = Buffer.concat([changed.subarray(0, at), put, changed.subarray(at)]);
    } else changed = Buffer.concat([changed, changed.subarray(at)]);
  }
  return changed;
}
