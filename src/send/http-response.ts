/** An incremental reader of HTTP/1.1 answers on one kept-alive connection. */

/** Longest head and body that are read; JSON-RPC answers to a send are far below. */
const MAX_HEAD_BYTES = 16 * 1024;
const MAX_BODY_BYTES = 1024 * 1024;

export interface HttpResponse {
  readonly status: number;
  readonly body: string;
  /** The server will close the connection after this answer. */
  readonly closes: boolean;
}

/** Thrown for bytes that are not an HTTP/1.1 answer of bounded size; the connection is to be dropped. */
export class HttpFormatError extends Error {
  override readonly name = 'HttpFormatError';
}

interface Head {
  readonly status: number;
  readonly bodyStart: number;
  /** Undefined for a chunked body. */
  readonly length: number | undefined;
  readonly closes: boolean;
}

export class HttpResponseReader {
  #held: Buffer = Buffer.alloc(0);
  #head: Head | undefined;

  /**
   * Takes bytes as they come and returns the answer once it is whole; later bytes are kept for the next one.
   * @throws HttpFormatError
   */
  push(chunk: Buffer): HttpResponse | undefined {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    return this.next();
  }

  /** The next whole answer among bytes already held. */
  next(): HttpResponse | undefined {
    this.#head ??= readHead(this.#held);
    const head = this.#head;
    if (head === undefined) return undefined;
    const body = head.length === undefined ? this.#chunked(head) : this.#counted(head, head.length);
    if (body === undefined) return undefined;
    this.#head = undefined;
    this.#held = this.#held.subarray(body.end);
    // 1xx answers announce the real one.
    if (head.status < 200) return this.next();
    return { status: head.status, body: body.text, closes: head.closes };
  }

  #counted(head: Head, length: number): { text: string; end: number } | undefined {
    const end = head.bodyStart + length;
    if (this.#held.length < end) return undefined;
    return { text: this.#held.toString('utf8', head.bodyStart, end), end };
  }

  #chunked(head: Head): { text: string; end: number } | undefined {
    const parts: Buffer[] = [];
    let at = head.bodyStart;
    let total = 0;
    for (;;) {
      const lineEnd = this.#held.indexOf('\r\n', at, 'latin1');
      if (lineEnd < 0) return undefined;
      const size = Number.parseInt(this.#held.toString('latin1', at, lineEnd), 16);
      if (!Number.isInteger(size) || size < 0) throw new HttpFormatError('bad chunk size');
      total += size;
      if (total > MAX_BODY_BYTES) throw new HttpFormatError('body too long');
      const dataStart = lineEnd + 2;
      if (this.#held.length < dataStart + size + 2) return undefined;
      if (size === 0) return { text: Buffer.concat(parts).toString('utf8'), end: dataStart + 2 };
      parts.push(this.#held.subarray(dataStart, dataStart + size));
      at = dataStart + size + 2;
    }
  }
}

function readHead(bytes: Buffer): Head | undefined {
  const end = bytes.indexOf('\r\n\r\n', 0, 'latin1');
  if (end < 0) {
    if (bytes.length > MAX_HEAD_BYTES) throw new HttpFormatError('head too long');
    return undefined;
  }
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const match = /^HTTP\/1\.[01] (\d{3})/.exec(statusLine);
  if (!match) throw new HttpFormatError('not an HTTP/1.1 answer');
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const status = Number(match[1]);
  const chunked = /\bchunked\b/i.test(headers.get('transfer-encoding') ?? '');
  const length = chunked ? undefined : bodyLength(headers.get('content-length'), status);
  return { status, bodyStart: end + 4, length, closes: /\bclose\b/i.test(headers.get('connection') ?? '') };
}

function bodyLength(header: string | undefined, status: number): number {
  if (header === undefined) {
    if (status < 200 || status === 204) return 0;
    throw new HttpFormatError('an answer without a length');
  }
  const length = Number(header);
  if (!Number.isInteger(length) || length < 0 || length > MAX_BODY_BYTES)
    throw new HttpFormatError('bad length');
  return length;
}
