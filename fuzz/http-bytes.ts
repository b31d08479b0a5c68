/** Requests as bytes: framed so that a kept-alive connection survives them, whatever they say. */
import type { Seeded } from '../drill/seeded.js';
import { hostileString } from './values.js';

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: Buffer;
  readonly chunked?: boolean;
}

export function encodeRequest({ method, path, headers, body, chunked = false }: HttpRequest): Buffer {
  let head = `${method} ${path} HTTP/1.1\r\n`;
  for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
  if (body === undefined) return Buffer.from(`${head}\r\n`, 'latin1');
  if (!chunked) {
    return Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`, 'latin1'), body]);
  }
  return Buffer.concat([
    Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`, 'latin1'),
    ...chunksOf(body),
    Buffer.from('0\r\n\r\n'),
  ]);
}

const CHUNK_BYTES = 97;

function chunksOf(body: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < body.length; at += CHUNK_BYTES) {
    const part = body.subarray(at, at + CHUNK_BYTES);
    chunks.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
  }
  return chunks;
}

const UNSAFE_IN_PATHS = new Set(Buffer.from('#? '));
const FIRST_PRINTABLE = 0x21;
const LAST_PRINTABLE = 0x7e;

/** Text that may stand in a request line: what would end the path or the line is escaped. */
export function pathText(text: string): string {
  let path = '';
  for (const byte of Buffer.from(text)) {
    const isSafe = byte >= FIRST_PRINTABLE && byte <= LAST_PRINTABLE && !UNSAFE_IN_PATHS.has(byte);
    path += isSafe ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`;
  }
  return path;
}

/** Text that may stand in a header's value. */
export function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}

const ODD_NAMES = ['X-Forwarded-For', 'Cookie', 'Accept', 'Range', 'Expect-CT', 'If-None-Match', 'TE', 'X-'];
const LONGEST_VALUE = 512;

export function oddHeaders(random: Seeded): (readonly [string, string])[] {
  return Array.from({ length: random.between(0, 3) }, () => {
    const value = headerText(hostileString(random)).slice(0, LONGEST_VALUE).trim();
    return [random.pick(ODD_NAMES), value] as const;
  });
}
